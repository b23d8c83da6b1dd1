//! What happens in a system, for whoever listens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use conclib_wire::StopReason;
use conclib_wire::Urn;

/// Something that happened in a system.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "shaky")]
/// struct Shaky;
///
/// #[actor]
/// impl Shaky {
///     #[message]
///     fn fail(&mut self) { panic!("of course") }
///     #[message]
///     fn well(&mut self) {}
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let mut events = system.events();
///     let once = Restart::on_failure().backoff(Backoff::none());
///     let shaky = system.actor_with(|| Shaky).restart(once).spawn()?;
///     assert!(shaky.fail().await.is_err());
///     shaky.well().await?;
///     shaky.stop().await;
///
///     let mut seen = Vec::new();
///     loop {
///         let event = events.next().await.expect("the system lives");
///         assert_eq!(event.urn().map(Urn::as_str), Some("shaky"));
///         match event {
///             Event::Started { .. } => seen.push("started".to_owned()),
///             Event::Restarted { generation, .. } => seen.push(format!("restarted: {generation}")),
///             Event::DeadLetter(letter) => seen.push(format!("dead letter: {}", letter.message)),
///             Event::Stopped { .. } => break,
///             _ => {}
///         }
///     }
///     assert_eq!(seen, ["started", "dead letter: fail", "restarted: 2"]);
///     Ok(())
/// }
/// ```
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

impl Event {
    /// The actor that it is about; `None` for [`Lagged`](Self::Lagged).
    pub const fn urn(&self) -> Option<&Urn> {
        match self {
            Self::Started { urn }
            | Self::Stopped { urn, .. }
            | Self::Restarted { urn, .. }
            | Self::NotRestarted { urn, .. }
            | Self::Missed { urn, .. }
            | Self::DeadLetter(DeadLetter { urn, .. }) => Some(urn),
            Self::Lagged(_) => None,
        }
    }
}

/// Why an actor that failed is not started again.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::NotRestarted;
///
/// #[actor(urn = "shaky")]
/// struct Shaky;
///
/// #[actor]
/// impl Shaky {
///     #[message]
///     fn fail(&mut self) { panic!("of course") }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let mut events = system.events();
///     let never_twice = Restart::on_failure().max(0, std::time::Duration::from_secs(1));
///     let shaky = system.actor_with(|| Shaky).restart(never_twice).spawn()?;
///     assert!(shaky.fail().await.is_err());
///     let why = loop {
///         if let Some(Event::NotRestarted { why, .. }) = events.next().await {
///             break why;
///         }
///     };
///     assert_eq!(why, NotRestarted::TooOften);
///     Ok(())
/// }
/// ```
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
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "slow", mailbox = 1, overflow = DropNewest)]
/// struct Slow;
///
/// #[actor]
/// impl Slow {
///     #[on(start)]
///     async fn warm_up(&mut self) {
///         std::future::pending().await
///     }
///
///     #[message]
///     fn note(&mut self) {}
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let mut events = system.events();
///     let slow = system.spawn(Slow)?;
///     // It still warms up, and has a place for one.
///     slow.note().try_tell()?;
///     slow.note().try_tell()?;
///     let letter = loop {
///         if let Some(Event::DeadLetter(letter)) = events.next().await {
///             break letter;
///         }
///     };
///     assert_eq!((letter.message, letter.cause), ("note", DeadLetterCause::MailboxFull));
///
///     slow.kill().await;
///     assert!(slow.note().tell().await.is_err(), "not accepted: no dead letter");
///     Ok(())
/// }
/// ```
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
    /// Its asker had left, or its deadline had passed.
    AskerLeft,
    /// A test had it lost, with the test kit's `Faults::drop_next`.
    Lost,
}

/// The events of a system, from the moment it was made on:
/// [`System::events`](crate::system::System::events).
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
pub struct Events {
    events: broadcast::Receiver<Event>,
    /// How many listen.
    listeners: Arc<AtomicUsize>,
}

/// How many events a listener may be behind before it misses some.
const BEHIND: usize = 1024;

impl Events {
    pub(crate) fn channel() -> broadcast::Sender<Event> {
        broadcast::Sender::new(BEHIND)
    }

    pub(crate) fn new(sender: &broadcast::Sender<Event>, listeners: Arc<AtomicUsize>) -> Self {
        let events = sender.subscribe();
        listeners.fetch_add(1, Ordering::Relaxed);
        Self { events, listeners }
    }

    /// The next event; `None` once the system is gone, with the references to
    /// its actors. A listener that is more
    /// than 1024 events behind gets [`Event::Lagged`] in place of those it
    /// missed.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct One;
    ///
    /// #[actor]
    /// impl One {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let mut events = system.events();
    ///     for _ in 0..1000 {
    ///         system.spawn(One)?.stop().await;
    ///     }
    ///     // The 1024 latest of two thousand are kept.
    ///     assert_eq!(events.next().await, Some(Event::Lagged(976)));
    ///     assert!(events.next().await.is_some());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Event> {
        match self.events.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Lagged(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("waiting", &self.events.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Event;
    use crate::system::Shared;

    #[test]
    fn for_nobody_no_event_is_made_up() {
        let system = Shared::new("events".to_owned());
        let nobody = || panic!("nobody listens");
        system.emit(nobody);
        let (one, other) = (system.events(), system.events());
        drop(one);
        system.emit(|| Event::Lagged(1));
        assert_eq!(other.events.len(), 1);
        drop(other);
        system.emit(nobody);
    }
}
