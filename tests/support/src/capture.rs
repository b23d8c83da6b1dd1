//! Captures the events of this thread with one target.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Level, Metadata, Subscriber};

use crate::Log;

/// Subscriber that keeps a line for each event.
struct Capture {
    target: &'static str,
    log: Log,
    spans: AtomicU64,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == self.target
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1 + self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.log.add(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Captures the events of this thread, and so of a single-threaded runtime, with the target
/// `conclib`.
pub fn capture() -> (Log, DefaultGuard) {
    capture_of("conclib")
}

/// Does the same with another target.
pub fn capture_of(target: &'static str) -> (Log, DefaultGuard) {
    let log = Log::default();
    let capture = Capture {
        target,
        log: log.clone(),
        spans: AtomicU64::new(0),
    };
    (log, crate::subscribe(capture))
}

/// Lines of one level.
pub fn of(log: &Log, level: Level) -> Vec<String> {
    let mut lines = log.lines();
    lines.retain(|line| line.starts_with(level.as_str()));
    lines
}
