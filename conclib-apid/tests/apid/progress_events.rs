//! Who waits is told what for.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::server::*;
use conclib_apid::{ApiCommand, start_api};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[support::test]
async fn a_long_wait_is_reported_once_a_second() {
    let seen = Seen::default();
    let _guard = support::subscribe(seen.clone());
    let address = address();
    let command = ApiCommand::new("sleep")
        .arg("600")
        .timeout(Duration::from_millis(2500));
    start_api(command.health(url(address)))
        .await
        .expect_err("never healthy");

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

/// Collects events as text.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "conclib::apid"
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
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
