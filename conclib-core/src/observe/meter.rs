//! Metrics of an actor, for the recorder of the crate `metrics`.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, Unit};
use tokio::time::Instant;

use crate::events::DeadLetterCause;

/// Metrics of one actor. Actors of one type in one system share their metrics: a label with the
/// actor's name would make one time series for each actor that ever lived.
#[derive(Debug, Clone)]
pub(crate) struct Meter(Option<Arc<Figures>>);

#[derive(Debug)]
struct Figures {
    depth: Gauge,
    wait: Histogram,
    handle: Histogram,
    handled: Counter,
    failed: Counter,
    restarts: Counter,
    dead_letters: [Counter; CAUSES.len()],
}

impl Meter {
    /// Returns the metrics of an actor that is about to be spawned. Without an installed recorder
    /// by then, the actor is not measured, and measuring costs nothing.
    pub(crate) fn of(system: &str, actor: &'static str) -> Self {
        metrics::with_recorder(|recorder| {
            // The no-op recorder, which stands for "none installed" and cannot be recognised
            // otherwise, is a zero-sized type. A recorder that records has to keep something.
            let is_there = size_of_val(recorder) > 0;
            Self(is_there.then(|| Arc::new(Figures::of(recorder, system, actor))))
        })
    }

    #[inline]
    pub(crate) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Counts messages that were queued.
    #[inline]
    pub(crate) fn queued(&self, messages: usize) {
        if let Some(figures) = &self.0 {
            figures.depth.increment(number(messages));
        }
    }

    /// Counts messages that have left the queue.
    #[inline]
    pub(crate) fn unqueued(&self, messages: usize) {
        if let Some(figures) = &self.0 {
            figures.depth.decrement(number(messages));
        }
    }

    /// Records the begin of a turn, and the time since its message was sent.
    pub(crate) fn begins(&self, now: Instant, sent: Option<Instant>) {
        if let (Some(figures), Some(sent)) = (&self.0, sent) {
            figures.wait.record(now.saturating_duration_since(sent));
        }
    }

    /// Records the end of a turn, and the time since it began.
    pub(crate) fn ends(&self, began: Instant) {
        if let Some(figures) = &self.0 {
            figures.handle.record(began.elapsed());
            figures.handled.increment(1);
        }
    }

    pub(crate) fn failed(&self) {
        if let Some(figures) = &self.0 {
            figures.failed.increment(1);
        }
    }

    pub(crate) fn restarted(&self) {
        if let Some(figures) = &self.0 {
            figures.restarts.increment(1);
        }
    }

    pub(crate) fn lost(&self, cause: DeadLetterCause) {
        let at = CAUSES.iter().position(|it| *it == cause);
        if let (Some(figures), Some(at)) = (&self.0, at) {
            figures.dead_letters[at].increment(1);
        }
    }
}

/// Causes that have a counter each, registered from the start, so that a cause that never occurred
/// is zero and not missing.
const CAUSES: [DeadLetterCause; 5] = [
    DeadLetterCause::Stopped,
    DeadLetterCause::MailboxFull,
    DeadLetterCause::Panicked,
    DeadLetterCause::AskerLeft,
    DeadLetterCause::Lost,
];

/// Label of a cause; a cause that is missing here is missing above, too.
const fn label(cause: DeadLetterCause) -> &'static str {
    match cause {
        DeadLetterCause::Stopped => "stopped",
        DeadLetterCause::MailboxFull => "mailbox_full",
        DeadLetterCause::Panicked => "panicked",
        DeadLetterCause::AskerLeft => "asker_left",
        DeadLetterCause::Lost => "lost",
    }
}

#[expect(clippy::cast_precision_loss, reason = "no mailbox is that deep")]
fn number(messages: usize) -> f64 {
    messages as f64
}

impl Figures {
    fn of(recorder: &dyn Recorder, system: &str, actor: &'static str) -> Self {
        let labels = || {
            vec![
                Label::new("system", system.to_owned()),
                Label::from_static_parts("actor", actor),
            ]
        };
        let about = Metadata::new("conclib", Level::INFO, None);
        let counter = |name: &'static str, text: &'static str| {
            recorder.describe_counter(KeyName::from(name), Some(Unit::Count), text.into());
            recorder.register_counter(&Key::from_parts(name, labels()), &about)
        };
        let histogram = |name: &'static str, text: &'static str| {
            recorder.describe_histogram(KeyName::from(name), Some(Unit::Seconds), text.into());
            recorder.register_histogram(&Key::from_parts(name, labels()), &about)
        };
        let depth = "conclib_mailbox_depth";
        recorder.describe_gauge(
            KeyName::from(depth),
            Some(Unit::Count),
            "Messages that wait in a mailbox".into(),
        );
        let dead = "conclib_dead_letters_total";
        recorder.describe_counter(
            KeyName::from(dead),
            Some(Unit::Count),
            "Messages that were accepted and not handled".into(),
        );
        Self {
            depth: recorder.register_gauge(&Key::from_parts(depth, labels()), &about),
            wait: histogram("conclib_wait_seconds", "From the send to the turn"),
            handle: histogram("conclib_handle_seconds", "How long a turn took"),
            handled: counter("conclib_handled_total", "Turns, failed ones too"),
            failed: counter(
                "conclib_failed_total",
                "Turns that ended in an error or a panic",
            ),
            restarts: counter("conclib_restarts_total", "Starts after the first"),
            dead_letters: CAUSES.map(|cause| {
                let mut labels = labels();
                labels.push(Label::from_static_parts("cause", label(cause)));
                recorder.register_counter(&Key::from_parts(dead, labels), &about)
            }),
        }
    }
}
