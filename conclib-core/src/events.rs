//! Events of a system: starts, ends, restarts, dead letters.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclib_wire::{StopReason, Urn};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Event in a system.
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
    /// An actor has finished `#[on(start)]` and takes messages.
    Started {
        /// Actor that started.
        urn: Urn,
    },
    /// An actor has ended: its state is dropped.
    Stopped {
        /// Actor that ended.
        urn: Urn,
        /// Reason for its end.
        reason: StopReason,
    },
    /// An actor failed and is being restarted: the same actor and mailbox, with a fresh state.
    Restarted {
        /// Actor that is restarted.
        urn: Urn,
        /// Number of starts so far, this one included.
        generation: u32,
        /// Reason for the end of the previous incarnation.
        reason: StopReason,
    },
    /// An actor failed and should have been restarted, but cannot be.
    NotRestarted {
        /// Actor that stays down.
        urn: Urn,
        /// Reason for which the actor is not restarted.
        why: NotRestarted,
    },
    /// A message was accepted and not handled.
    DeadLetter(DeadLetter),
    /// A subscriber was slower than its topic, and missed messages until its mailbox had room again
    /// or it left.
    Missed {
        /// Name of the topic.
        topic: String,
        /// Subscriber that missed them.
        urn: Urn,
        /// Number of messages that it missed.
        missed: u64,
    },
    /// A broker's server has forgotten durable messages of an actor, or changes of its mailbox, that
    /// it had confirmed: after a failover, for instance.
    PossibleDataLoss {
        /// Actor that the messages were for.
        urn: Urn,
        /// Number of changes that are known to be lost.
        lost: u64,
    },
    /// The listener was slower than the events: this number of events is missing here.
    Lagged(u64),
}

impl Event {
    /// Returns the actor that the event is about; `None` for [`Lagged`](Self::Lagged).
    pub const fn urn(&self) -> Option<&Urn> {
        match self {
            Self::Started { urn }
            | Self::Stopped { urn, .. }
            | Self::Restarted { urn, .. }
            | Self::NotRestarted { urn, .. }
            | Self::Missed { urn, .. }
            | Self::PossibleDataLoss { urn, .. }
            | Self::DeadLetter(DeadLetter { urn, .. }) => Some(urn),
            Self::Lagged(_) => None,
        }
    }
}

/// Reason for which an actor that failed is not restarted.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::event::NotRestarted;
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
    /// The actor was spawned from a value, so nothing can make a fresh state.
    NoSource,
    /// The actor has been restarted as often as its policy allows.
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
    /// Actor that the message was for.
    pub urn: Urn,
    /// Wire name of the message.
    pub message: &'static str,
    /// Actor that sent the message, if an actor did and it still lives.
    pub from: Option<Urn>,
    /// Reason for which the message was not handled.
    pub cause: DeadLetterCause,
}

/// Reason for which a message became a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterCause {
    /// The actor ended before it handled the message.
    Stopped,
    /// The mailbox was full, and either its overflow policy is to drop, or the sender neither waits
    /// nor gets an error: a broadcast.
    MailboxFull,
    /// The handler panicked.
    Panicked,
    /// The asker had dropped its call, or the deadline had passed.
    AskerLeft,
    /// A test made the message get lost, with `Faults::drop_next` of the test kit.
    Lost,
}

/// Receiver of the events of a system, from the moment the receiver was made:
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
    /// Number of listeners of the system.
    listeners: Arc<AtomicUsize>,
}

/// Number of events that a listener may be behind before it misses some.
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

    /// Waits for the next event; `None` once the system and all references to its actors are gone.
    /// A listener that is more than 1024 events behind gets [`Event::Lagged`] in place of the
    /// events it missed.
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
    use crate::node::SystemInner;

    #[test]
    fn for_nobody_no_event_is_made_up() {
        let system = SystemInner::new("events".to_owned());
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
