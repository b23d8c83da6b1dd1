//! The program `conclib-redisd dead` lists, retries and drops dead letters.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Broker as _, Remote};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};

use crate::server;

#[actor(urn = "till")]
pub struct Till {
    is_stuck: bool,
}

#[actor]
impl Till {
    #[message]
    fn book(&mut self, cents: u64) -> u64 {
        assert!(!self.is_stuck, "the drawer is stuck");
        cents
    }
}

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conclib-redisd"));
    command
        .arg("dead")
        .args(args)
        .stdin(Stdio::null())
        .env_remove("CONCLIB_AUTHKEY");
    command
}

/// Runs the program beside the tasks of the test, and returns its result.
async fn run(args: &[&str]) -> Output {
    let mut command = program(args);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// Returns the lines of the output of a run that succeeds.
async fn lines(args: &[&str]) -> Vec<String> {
    let output = run(args).await;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(String::from).collect()
}

/// Returns the error of a run with that exit code.
async fn error(args: &[&str], code: i32) -> String {
    let output = run(args).await;
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[support::test]
async fn dead_letters_are_listed_put_back_and_dropped() {
    let url = format!(
        "redis+unix://{}?ns={}",
        server::socket(),
        server::namespace()
    );
    let (system, broken) = (System::new("works"), System::new("broken"));
    let parsed: RedisUrl = url.parse().unwrap();
    let restart = Restart::on_failure().max(100, Duration::from_secs(10));
    let stuck = || Till { is_stuck: true };
    broken.actor_with(stuck).restart(restart).spawn().unwrap();
    let broker = RedisBroker::open(parsed.clone(), None, broken.inlet())
        .await
        .unwrap();
    let client = RedisClient::connect(parsed.clone(), None).await.unwrap();
    let till: ActorRef<Till> = ActorRef::remote(Remote::new(client.outlet(), Urn::new("till")));
    for cents in [250, 300] {
        let failed = till.book(cents).durable().await.unwrap_err();
        assert!(matches!(failed, AskError::Panicked { .. }), "{failed}");
    }
    broker.close().await;
    broken.shutdown().await;

    // The URL may be in a file, and options after its path.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("url");
    let (plain, options) = url.split_once('?').unwrap();
    fs::write(&file, format!("{plain}\n")).unwrap();
    let file = format!("{}?{options}", file.display());

    let listed = lines(&["list", &url, "till"]).await;
    assert_eq!(listed.len(), 2);
    assert_eq!(lines(&["list", &file, "till"]).await.len(), 2);
    assert!(lines(&["list", &url, "another"]).await.is_empty());
    let ids: Vec<_> = listed
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    for line in &listed {
        assert!(
            line.contains("`book` of sender ") && line.contains(", 3 attempts, "),
            "{line}"
        );
        assert!(
            line.ends_with("not handled in 3 attempts; the last ended: panicked"),
            "{line}"
        );
    }

    assert!(lines(&["drop", &url, "till", ids[0]]).await.is_empty());
    let missing = error(&["drop", &url, "till", ids[0]], 1).await;
    assert!(
        missing.contains(&format!("`till` has no dead letter `{}`", ids[0])),
        "{missing}"
    );

    // A till that works handles the one that is put back.
    system.spawn(Till { is_stuck: false }).unwrap();
    let broker = RedisBroker::open(parsed, None, system.inlet())
        .await
        .unwrap();
    assert!(lines(&["retry", &file, "till", ids[1]]).await.is_empty());
    let handled = || system.snapshot().actors[0].handled == 1;
    support::processes::eventually("the letter is handled", handled).await;
    assert!(lines(&["list", &url, "till"]).await.is_empty());
    client.close().await;
    broker.close().await;
}

#[support::test]
async fn wrong_arguments_of_dead_are_refused() {
    for (args, says) in [
        (&[][..], "`dead` needs `list URL NAME`"),
        (&["list", "redis://127.0.0.1"], "`dead` needs"),
        (&["retry", "redis://127.0.0.1", "till"], "`dead` needs"),
        (
            &["list", "amqp://host", "till"],
            "the scheme `amqp` is not one of",
        ),
        (
            &["list", "/no/such/file", "till"],
            "the file `/no/such/file` with the URL cannot be read",
        ),
    ] {
        let said = error(args, 2).await;
        assert!(said.contains(says), "{said}");
    }
    let said = error(&["list", "redis://u:secret@127.0.0.1", "till"], 2).await;
    assert!(
        said.contains("write the URL into a file") && !said.contains("secret"),
        "{said}"
    );
}

#[support::test]
async fn a_server_that_is_not_there_is_an_error_of_dead() {
    let said = error(&["list", "redis+unix:///no/such.sock", "till"], 1).await;
    assert!(
        said.contains("no connection to redis+unix:///no/such.sock"),
        "{said}"
    );
}
