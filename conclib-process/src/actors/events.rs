//! Events of `tracing` in the process of an actor: lines of its standard error, which its owner
//! reads.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Has the events of this process written, up to a level. A subscriber that the program has set is
/// left in its place.
pub(super) fn write_events(most: LevelFilter) {
    if most != LevelFilter::OFF {
        // An error means that the program has a subscriber.
        let _ = tracing::subscriber::set_global_default(Writer { most });
    }
}

/// Returns the level of an event in a line, and the rest of the line. All other lines have the
/// level `INFO`.
pub(super) fn level_of(line: &str) -> (Level, &str) {
    let level_and_rest = line.split_once(' ').and_then(|(level, rest)| {
        let mut levels = LEVELS.into_iter();
        Some((levels.find(|known| known.as_str() == level)?, rest))
    });
    level_and_rest.unwrap_or((Level::INFO, line))
}

const LEVELS: [Level; 5] = [
    Level::ERROR,
    Level::WARN,
    Level::INFO,
    Level::DEBUG,
    Level::TRACE,
];

/// Subscriber that writes each event as one line: its level, its target, its message and its fields.
/// Spans are left out, and so are the events of conclib that report no trouble, since the owner has
/// its own about the actor; but not the output of further processes.
struct Writer {
    most: LevelFilter,
}

impl Subscriber for Writer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let most = match target.split("::").next() {
            Some("conclib") if target != "conclib::process" => self.most.min(LevelFilter::WARN),
            _ => self.most,
        };
        metadata.is_event() && *metadata.level() <= most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} {}:", metadata.level(), metadata.target()));
        event.record(&mut line);
        let line = line.0.replace('\r', "\\r").replace('\n', "\\n") + "\n";
        // At once, so that the lines of several threads do not mix. Without an owner nobody reads.
        let _ = io::stderr().write_all(line.as_bytes());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A string takes everything.
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_its_level() {
        assert_eq!(
            level_of("WARN shop: no soup"),
            (Level::WARN, "shop: no soup")
        );
        for line in ["", "WARN", "warn shop: no soup", "WARNING shop", " ERROR x"] {
            assert_eq!(level_of(line), (Level::INFO, line));
        }
    }
}
