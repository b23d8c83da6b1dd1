//! Two builds of one program meet: a message that differs is refused before anything is delivered.
#![allow(clippy::expect_used, reason = "a test fails by a panic")]

use std::process::Command;

use conclib::PrivateDir;
use support::child::Kid;

const BEFORE: &str = env!("CARGO_BIN_EXE_till-before");
const AFTER: &str = env!("CARGO_BIN_EXE_till-after");

/// Lines of a build that asks a till three times to take a payment, and then for its counts.
async fn asked(build: &str, url: &str) -> conclib::Result<Vec<String>> {
    let mut asker = Kid::start(Command::new(build).args(["ask", url]))?;
    let lines = asker.all().await;
    assert!(asker.exited()?.success(), "{lines:#?}");
    Ok(lines)
}

#[support::test]
async fn a_build_with_another_message_is_refused_and_harms_nobody() -> conclib::Result {
    for (ours, theirs) in [(BEFORE, AFTER), (AFTER, BEFORE)] {
        let dir = PrivateDir::new()?;
        let url = format!("unix://{}", dir.join("till.sock").display());
        let mut server = Kid::start(Command::new(ours).args(["serve", &url]))?;
        server.said("serving").await?;
        assert_eq!(
            asked(theirs, &url).await?,
            [
                "ask: SchemaMismatch of Pay, NotDelivered",
                "reference: SchemaMismatch of Pay, NotDelivered",
                "tell: SchemaMismatch of Pay, NotDelivered",
                "count: SchemaMismatch of Count, NotDelivered",
                "total: 0",
            ]
        );
        let matching = [
            "ask: 7",
            "reference: 14",
            "tell: told",
            "count: 3",
            "total: 21",
        ];
        assert_eq!(asked(ours, &url).await?, matching);
        assert_eq!(asked(theirs, &url).await?[4], "total: 21");
        server.close_input();
        assert!(server.exited()?.success());
    }
    Ok(())
}
