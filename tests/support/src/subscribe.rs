//! Subscriber for one thread that misses nothing.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest, set_default};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Subscriber without a definite interest.
struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Makes this the subscriber of this thread, and so of a single-threaded
/// runtime.
///
/// `tracing` caches for each callsite if any subscriber is interested. With one
/// subscriber in the process it asks only the thread that comes there first,
/// and if that one has none, the callsite is disabled for all. Two more
/// subscribers that never end, and never decide, prevent the cache.
pub fn subscribe(subscriber: impl Subscriber + Send + Sync) -> DefaultGuard {
    static UNDECIDED: OnceLock<[Dispatch; 2]> = OnceLock::new();
    UNDECIDED.get_or_init(|| [Dispatch::new(Undecided), Dispatch::new(Undecided)]);
    set_default(subscriber)
}
