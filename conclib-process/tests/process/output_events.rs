//! The output of a child as `tracing` events.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use crate::children::*;
use support::processes::*;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[support::test]
async fn each_line_is_an_event() {
    let seen = Seen::default();
    let _guard = support::subscribe(seen.clone());

    let mut child = shell("echo out; echo err >&2; printf 'no break'")
        .spawn()
        .expect("sh");
    child.wait().await.expect("ours");
    child.shutdown(GRACE).await.expect("ours");

    let pid = child.id();
    let mut seen = seen.0.lock().expect("not poisoned").clone();
    seen.sort();
    let event = |stream, line| {
        format!(r#"INFO conclib::process message={line} pid={pid} program="sh" stream="{stream}""#)
    };
    assert_eq!(
        seen,
        [
            event("stderr", "err"),
            event("stdout", "no break"),
            event("stdout", "out")
        ]
    );
}

/// Collects the events about output as text.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "conclib::process"
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Vec::new());
        event.record(&mut fields);
        fields.0.sort();
        if fields.0.iter().any(|field| field.starts_with("stream=")) {
            let mut text = format!("{} {}", event.metadata().level(), event.metadata().target());
            for field in &fields.0 {
                write!(text, " {field}").expect("a string takes everything");
            }
            self.0.lock().expect("not poisoned").push(text);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push(format!("{field}={value:?}"));
    }
}

/// Lines that [`keep`] was given.
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn keep(pid: u32, stream: &str, line: &str) {
    let mut kept = KEPT.lock().expect("not poisoned");
    kept.push(format!("{pid} {stream} {line}"));
}

#[support::test]
async fn a_function_takes_the_place_of_the_events() {
    let seen = Seen::default();
    let _guard = support::subscribe(seen.clone());

    let mut child = shell("echo out").log(keep).spawn().expect("sh");
    child.wait().await.expect("ours");
    child.shutdown(GRACE).await.expect("ours");

    let kept = KEPT.lock().expect("not poisoned");
    assert_eq!(*kept, [format!("{} stdout out", child.id())]);
    assert!(seen.0.lock().expect("not poisoned").is_empty());
    assert_eq!(child.tail().to_string(), "out");
}
