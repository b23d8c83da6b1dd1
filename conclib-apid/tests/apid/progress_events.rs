//! Events that tell a waiting caller the reason of the wait.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::server::*;
use conclib_apid::{ApiCommand, ApiState, start_api};
use conclib_core::{Backoff, Restart};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// The only test of this file with events: a subscriber of one thread does not get along with other threads that have none.
#[support::test]
async fn a_long_wait_is_reported_once_a_second_and_an_exit_at_once() {
    let seen = Seen::default();
    let _guard = support::subscribe(seen.clone());
    let address = address();
    let command = ApiCommand::new("sleep")
        .arg("600")
        .timeout(Duration::from_millis(2500));
    start_api(command.health(url(address)))
        .await
        .expect_err("never healthy");
    {
        let seen = seen.0.lock().expect("not poisoned");
        // A busy machine may make it less, never more.
        assert!((1..=2).contains(&seen.len()), "{seen:?}");
        assert!(seen[0].contains("not healthy yet"), "{seen:?}");
        assert!(seen[0].contains("program=\"sleep\""), "{seen:?}");
        assert!(seen[0].contains("last=no connection"), "{seen:?}");
        assert!(
            seen[0].contains(&format!("address=\"{address}\"")),
            "{seen:?}"
        );
    }

    let once = Restart::on_failure()
        .max(1, Duration::from_secs(600))
        .backoff(Backoff::none());
    let command = server("healthy", self::address()).restart(once);
    let api = start_api(command).await.expect("healthy");
    seen.0.lock().expect("not poisoned").clear();
    let first = api.id();
    kill(first);
    let mut states = api.state();
    let again = |state: &ApiState| matches!(state, ApiState::Healthy { pid } if *pid != first);
    drop(states.wait_for(again).await.expect("it lives"));
    kill(api.id());
    api.exited().await;

    let seen = seen.0.lock().expect("not poisoned");
    assert!(seen[0].starts_with("WARN"), "{seen:?}");
    assert!(
        seen[0].contains("exited with signal: 9 (SIGKILL), and is started again"),
        "{seen:?}"
    );
    let healthy = |line: &&String| line.contains("healthy again");
    assert!(
        seen.iter()
            .find(healthy)
            .is_some_and(|line| line.starts_with("INFO"))
    );
    let last = seen.last().expect("some");
    assert!(last.starts_with("ERROR"), "{seen:?}");
    assert!(
        last.contains("the web server exited with signal: 9 (SIGKILL)"),
        "{seen:?}"
    );
}

fn kill(pid: u32) {
    let kill = std::process::Command::new("sh")
        .args(["-c", &format!("kill -9 {pid}")])
        .status();
    assert!(kill.expect("sh").success());
}

/// Collects events as text.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "conclib::apid"
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(format!("{} ", event.metadata().level()));
        event.record(&mut fields);
        self.0.lock().expect("not poisoned").push(fields.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}
