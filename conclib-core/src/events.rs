//! What happens in a system, for whoever listens.

use std::fmt;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::actor::StopReason;
use crate::urn::Urn;

/// Something that happened in a system.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An actor is through `#[on(start)]` and takes messages.
    Started {
        /// Which.
        urn: Urn,
    },
    /// An actor has ended: its state is dropped.
    Stopped {
        /// Which.
        urn: Urn,
        /// Why.
        reason: StopReason,
    },
    /// An actor failed and is being started again: the same actor, with its
    /// mailbox, and a fresh state.
    Restarted {
        /// Which.
        urn: Urn,
        /// How many times it has been started, this one included.
        generation: u32,
        /// Why its former incarnation ended.
        reason: StopReason,
    },
    /// An actor failed and should have been started again, and cannot be.
    NotRestarted {
        /// Which.
        urn: Urn,
        /// Why not.
        why: NotRestarted,
    },
    /// A message was accepted and not handled.
    DeadLetter(DeadLetter),
    /// A subscriber was slower than its topic, and missed so many messages
    /// until it had room again or left.
    Missed {
        /// The name of the topic.
        topic: String,
        /// The subscriber.
        urn: Urn,
        /// How many messages.
        missed: u64,
    },
    /// The listener was slower than the events: so many are missing here.
    Lagged(u64),
}

/// Why an actor that failed is not started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotRestarted {
    /// There is nothing to make it from: it was spawned from a value.
    NoSource,
    /// It has been started again as often as its policy allows.
    TooOften,
}

impl fmt::Display for NotRestarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSource => {
                "it was spawned from a value: use `actor_with(|| …)` or `create(args)` for an actor that is restarted"
            }
            Self::TooOften => "it failed more often than its restart policy allows",
        })
    }
}

/// A message that was accepted and not handled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Whom it was for.
    pub urn: Urn,
    /// Its wire name.
    pub message: &'static str,
    /// The actor that sent it, if one did and it still lives.
    pub from: Option<Urn>,
    /// Why it was not handled.
    pub cause: DeadLetterCause,
}

/// Why a message became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterCause {
    /// Its actor ended before it came to it.
    Stopped,
    /// The mailbox was full, and its overflow policy is to drop, or the sender
    /// does not wait and hears of no error: a broadcast.
    MailboxFull,
    /// Its handler panicked.
    Panicked,
    /// Its asker, in another process, had left.
    AskerLeft,
}

/// The events of a system, from the moment it was made on:
/// [`System::events`](crate::System::events).
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "one")]
/// struct One;
///
/// #[actor]
/// impl One {}
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let mut events = system.events();
///     system.spawn(One)?;
///     assert_eq!(events.next().await, Some(Event::Started { urn: "one".parse()? }));
///     Ok(())
/// }
/// ```
pub struct Events(broadcast::Receiver<Event>);

/// How many events a listener may be behind before it misses some.
const BEHIND: usize = 1024;

impl Events {
    pub(crate) fn channel() -> broadcast::Sender<Event> {
        broadcast::Sender::new(BEHIND)
    }

    pub(crate) fn new(sender: &broadcast::Sender<Event>) -> Self {
        Self(sender.subscribe())
    }

    /// The next event; `None` once the system is gone, with the references to
    /// its actors. A listener that is more
    /// than 1024 events behind gets [`Event::Lagged`] in place of those it
    /// missed.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Lagged(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("waiting", &self.0.len())
            .finish()
    }
}
