//! The output of a server is read, and becomes events.

use crate::servers::*;
use conclib_redis::{RedisClient, RedisUrl, start_redis};
use support::Log;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[support::test]
async fn ten_megabytes_of_errors_do_not_block_a_server() {
    let fake =
        Fake::serving("yes $(printf %0999d 0) | head -c 10485760 >&2; exec redis-server \"$@\"");
    let redis = start_redis(&ephemeral().binary(fake.binary()))
        .await
        .expect("ready");
    assert_eq!(Client::of(redis.url()).await.ask("PING").await, "+PONG");
}

#[support::test]
async fn the_lines_of_a_server_are_events_without_the_password() {
    let seen = Events::default();
    let _guard = support::subscribe(seen.clone());
    let mut redis = start_redis(&ephemeral()).await.expect("ready");
    let login = redis.url().rsplit_once('@').expect("a login").0;
    let password = login.rsplit_once(':').expect("a password").1.to_owned();
    redis.shutdown().await.expect("ours");

    let lines = seen.0.lines();
    let has = |start: &str, text: &str| {
        lines
            .iter()
            .any(|line| line.starts_with(start) && line.contains(text))
    };
    assert!(
        has("INFO conclib::redis", "is now ready to exit"),
        "{lines:#?}"
    );
    assert!(
        has("DEBUG conclib::redis", "eady to accept connections"),
        "{lines:#?}"
    );
    assert!(!lines.iter().any(|line| line.contains(&password)));
}

#[support::test]
async fn a_server_with_known_holes_is_told() {
    let seen = Events::default();
    let _guard = support::subscribe(seen.clone());
    let fake = Fake::serving("exec redis-server \"$@\"");
    drop(
        start_redis(&ephemeral().binary(fake.binary()))
            .await
            .expect("ready"),
    );
    let lines = seen.0.lines();
    let warning = lines
        .iter()
        .find(|line| line.starts_with("WARN conclib::redis"));
    assert!(
        warning.is_some_and(|line| line.contains("CVE-2025-49844")),
        "{lines:#?}"
    );
}

#[support::test]
async fn a_server_of_others_with_known_holes_is_told() {
    // A copy is of no package, which may have closed the holes.
    let fake = Fake::serving("cp $(command -v redis-server) \"$0.copy\"; exec \"$0.copy\" \"$@\"");
    let server = start_redis(&ephemeral().binary(fake.binary()))
        .await
        .expect("ready");
    let seen = Events::default();
    let _guard = support::subscribe(seen.clone());
    let url: RedisUrl = server.url().parse().expect("a URL");
    let client = RedisClient::connect(url, None).await;
    client.expect("the server answers");
    let lines = seen.0.lines();
    let warnings = lines.iter().filter(|line| line.contains("known holes"));
    let warnings: Vec<_> = warnings.collect();
    assert_eq!(warnings.len(), 1, "{lines:#?}");
    assert!(warnings[0].contains("redis+unix://"), "{warnings:?}");
    assert!(
        warnings[0].contains(" 7.") || warnings[0].contains(" 8."),
        "{warnings:?}"
    );
}

/// Collects all events as text.
#[derive(Clone, Default)]
struct Events(Log);

impl Subscriber for Events {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut line);
        self.0.add(line.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}
