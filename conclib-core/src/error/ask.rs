//! Errors of an ask that got no reply.

use std::fmt;
use std::time::Duration;

use conclib_wire::{
    CodecError, CycleStep, Delivery, Failure, Fault, Never, UnknownFailure, Urn, UrnError,
};

use super::MessageError;
use super::outage::Outage;

/// Reason for which an ask got no reply.
///
/// ```
/// use conclib::prelude::*;
///
/// let error: AskError<Never> = AskError::NoSuchActor { urn: Urn::new("greeter")? };
/// assert_eq!(error.delivery(), Delivery::NotDelivered);
/// assert!(error.to_string().contains("greeter"));
/// # Ok::<(), conclib::error::UrnError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AskError<E = Never> {
    /// The handler returned an error of its own type; the actor goes on.
    Handler(E),
    /// The handler failed with an error whose type this side does not know: that of a JSON ask, or
    /// of a foreign peer.
    Fault {
        /// Actor that was asked.
        urn: Urn,
        /// Description of the error.
        fault: Box<Fault>,
    },
    /// The handler panicked, which ended its actor.
    Panicked {
        /// Actor that was asked.
        urn: Urn,
        /// Message of the panic.
        fault: Box<Fault>,
    },
    /// The actor has stopped, or was killed, stopped or restarted before it answered.
    Stopped {
        /// Actor that was asked.
        urn: Urn,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// The handler dropped its [`ReplyTo`](crate::reply::ReplyTo) unanswered.
    NoReply {
        /// Actor that was asked.
        urn: Urn,
    },
    /// The deadline passed before a reply came.
    Deadline {
        /// Actor that was asked.
        urn: Urn,
        /// Time that the ask was given.
        after: Duration,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// The mailbox was full; or the actor is in another process, and this client already has as
    /// many unanswered requests to one actor as it may have.
    ///
    /// A request from another process is refused where a request of this process waits for room in
    /// the mailbox: see [`ActorRef`](crate::node::ActorRef).
    MailboxFull {
        /// Actor that was asked.
        urn: Urn,
    },
    /// No actor of that name lives in the system that got the request.
    NoSuchActor {
        /// Name that was asked.
        urn: Urn,
    },
    /// No proxy serves the name: no system got the request.
    NoProxy {
        /// Name that was asked.
        urn: Urn,
    },
    /// The actor handles no message of that name.
    NoSuchMessage {
        /// Actor that was asked.
        urn: Urn,
        /// The wire name of the message.
        message: Box<str>,
    },
    /// A request or a reply could not be encoded or decoded.
    Codec {
        /// Actor that was asked.
        urn: Urn,
        /// Error of the codec.
        error: Box<CodecError>,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// Both sides know the message by name, but with different schemas.
    SchemaMismatch {
        /// Actor that was asked.
        urn: Urn,
        /// The wire name of the message.
        message: Box<str>,
    },
    /// The connection to the actor's process was lost.
    Disconnected {
        /// Actor that was asked.
        urn: Urn,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// No connection to the actor's process existed; a message that may wait for one waited until
    /// its deadline. The handler has not run. The client keeps trying to connect. The error of its
    /// last try is [`Outage::cause_as`].
    Unreachable {
        /// Actor that was asked.
        urn: Urn,
        /// Time without a connection, and the reason.
        outage: Box<Outage>,
    },
    /// The asker cancelled the request before it was handled.
    Cancelled {
        /// Actor that was asked.
        urn: Urn,
    },
    /// Waiting for the answer, or for room in a full mailbox, would have closed a cycle of actors
    /// that wait for each other: a deadlock. The actors may be in several systems and processes.
    Cycle {
        /// Actors of the cycle, each waiting for the next; begins and ends with the asker.
        path: Box<[CycleStep]>,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// The handler answered with a stream, and the connection already has its maximum number of
    /// open streams: read or drop the [`Items`](crate::reply::Items) of another.
    TooManyStreams {
        /// Actor that was asked.
        urn: Urn,
    },
    /// The connection or the broker that carries the request cannot do this.
    Unsupported {
        /// Actor that was asked.
        urn: Urn,
        /// Limitation.
        text: Box<str>,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// The asker is not permitted to do this.
    NotPermitted {
        /// Actor that was asked.
        urn: Urn,
        /// Reason for the refusal.
        text: Box<str>,
    },
    /// The other side is of another version, and answered with a failure that this version does not
    /// know.
    UnknownFailure {
        /// Actor that was asked.
        urn: Urn,
        /// Failure as far as it was read.
        failure: Box<UnknownFailure>,
    },
    /// The name that was asked is not a valid URN.
    Urn(Box<UrnError>),
    /// [`blocking`](crate::call::Call::blocking) was called on a thread of an async runtime, which it
    /// would block.
    WouldBlock {
        /// Actor that was asked.
        urn: Urn,
    },
    /// A timeout needs a tokio runtime with timers, and the current one has none.
    NoTimers {
        /// Actor that was asked.
        urn: Urn,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
    /// A timeout needs a tokio runtime, and the current thread is in none.
    NoRuntime {
        /// Actor that was asked.
        urn: Urn,
        /// Says if the handler may have run.
        delivery: Delivery,
    },
}

impl<E> AskError<E> {
    /// Returns the delivery state of the request: says if the handler may have run.
    ///
    /// After [`NotDelivered`](Delivery::NotDelivered) the request can be sent again, and its
    /// handler runs no more than once. After an error that has no field for it, such as
    /// [`MailboxFull`](Self::MailboxFull) or [`NoSuchActor`](Self::NoSuchActor), this is so for the
    /// actor that the error names alone: a handler that has [forwarded](crate::Context::forward)
    /// the request to it has run.
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Handler(_)
            | Self::Fault { .. }
            | Self::Panicked { .. }
            | Self::NoReply { .. }
            | Self::TooManyStreams { .. } => Delivery::MayHaveRun,
            Self::Stopped { delivery, .. }
            | Self::Deadline { delivery, .. }
            | Self::Codec { delivery, .. }
            | Self::Disconnected { delivery, .. }
            | Self::Cycle { delivery, .. }
            | Self::Unsupported { delivery, .. }
            | Self::NoTimers { delivery, .. }
            | Self::NoRuntime { delivery, .. } => *delivery,
            Self::UnknownFailure { failure, .. } => failure.delivery,
            Self::MailboxFull { .. }
            | Self::NoSuchActor { .. }
            | Self::NoProxy { .. }
            | Self::NotPermitted { .. }
            | Self::NoSuchMessage { .. }
            | Self::SchemaMismatch { .. }
            | Self::Unreachable { .. }
            | Self::Cancelled { .. }
            | Self::Urn(_)
            | Self::WouldBlock { .. } => Delivery::NotDelivered,
        }
    }

    /// Returns the error that the handler returned, if it is one.
    pub fn into_handler(self) -> Option<E> {
        match self {
            Self::Handler(error) => Some(error),
            _ => None,
        }
    }

    /// Error of an ask whose deadline has passed: `Unreachable` if the connection was down, else
    /// `Deadline`.
    #[cold]
    pub(crate) fn late(
        urn: Urn,
        after: Duration,
        delivery: Delivery,
        outage: Option<Outage>,
    ) -> Self {
        match outage {
            Some(outage) => Self::Unreachable {
                urn,
                outage: Box::new(outage),
            },
            None => Self::Deadline {
                urn,
                after,
                delivery,
            },
        }
    }

    pub(crate) fn new(urn: Urn, failure: Failure) -> Self {
        match failure {
            Failure::Fault(fault) => Self::Fault { urn, fault },
            Failure::Panicked(fault) => Self::Panicked { urn, fault },
            Failure::Stopped(delivery) => Self::Stopped { urn, delivery },
            Failure::NoReply => Self::NoReply { urn },
            Failure::MailboxFull => Self::MailboxFull { urn },
            Failure::NoSuchActor => Self::NoSuchActor { urn },
            Failure::NoSuchMessage(message) => Self::NoSuchMessage { urn, message },
            Failure::Codec(error, delivery) => Self::Codec {
                urn,
                error,
                delivery,
            },
            Failure::SchemaMismatch(message) => Self::SchemaMismatch { urn, message },
            Failure::Disconnected(delivery) => Self::Disconnected { urn, delivery },
            Failure::Cancelled => Self::Cancelled { urn },
            Failure::Deadline(after) => Self::Deadline {
                urn,
                after,
                delivery: Delivery::MayHaveRun,
            },
            Failure::Urn(error) => Self::Urn(error),
            Failure::NoProxy => Self::NoProxy { urn },
            Failure::Unsupported(text, delivery) => Self::Unsupported {
                urn,
                text,
                delivery,
            },
            Failure::NotPermitted(text) => Self::NotPermitted { urn, text },
            Failure::Unknown(failure) => Self::UnknownFailure { urn, failure },
            Failure::TooManyStreams => Self::TooManyStreams { urn },
            Failure::Cycle(path, delivery) => Self::Cycle { path, delivery },
            // Failures of a newer wire crate; the versions of the two crates are the same.
            failure => Self::UnknownFailure {
                urn,
                failure: Box::new(UnknownFailure {
                    name: failure.name().into(),
                    text: failure.to_string().into(),
                    delivery: failure.delivery(),
                }),
            },
        }
    }
}

/// Writes the actors that would wait for each other: `would deadlock: A(a) -> A(a)`.
pub(super) fn write_cycle(f: &mut fmt::Formatter<'_>, path: &[CycleStep]) -> fmt::Result {
    f.write_str("would deadlock: ")?;
    for (at, step) in path.iter().enumerate() {
        let arrow = if at == 0 { "" } else { " -> " };
        write!(f, "{arrow}{step}")?;
    }
    Ok(())
}

impl<E: fmt::Display> fmt::Display for AskError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => write!(f, "{error}"),
            Self::Fault { urn, fault } => {
                write!(
                    f,
                    "{} to {} failed in its handler: {fault}",
                    urn.request(),
                    urn.who()
                )
            }
            Self::Panicked { urn, fault } => {
                write!(
                    f,
                    "{} panicked while it handled {}: {fault}",
                    urn.who(),
                    urn.request()
                )
            }
            Self::Stopped { urn, delivery } => {
                // A restart ends only the turn that runs: queued messages are handled after the
                // restart.
                let how = match delivery {
                    Delivery::NotDelivered => "stopped",
                    Delivery::MayHaveRun => "was killed, stopped or started again",
                };
                write!(
                    f,
                    "{} {how} before it answered {}{}; {delivery}",
                    urn.who(),
                    urn.request(),
                    urn.why_ended()
                )
            }
            Self::NoReply { urn } => {
                write!(
                    f,
                    "{} dropped {} without an answer",
                    urn.who(),
                    urn.request()
                )
            }
            Self::Deadline {
                urn,
                after,
                delivery,
            } => {
                write!(
                    f,
                    "{} did not answer {} within {after:?}; {delivery}",
                    urn.who(),
                    urn.request()
                )
            }
            Self::MailboxFull { urn } => write!(
                f,
                "{} does not take {} now: its mailbox is full, or it has too many requests of one client; its handler has not run: ask again later",
                urn.who(),
                urn.request()
            ),
            Self::NoSuchActor { urn } => write!(
                f,
                "no actor `{urn}` lives in the system that was asked: is it spawned, and under that name?"
            ),
            Self::NoProxy { urn } => write!(
                f,
                "no proxy serves `{urn}`: is the system running, and connected to the same broker?"
            ),
            Self::Unsupported {
                urn,
                text,
                delivery,
            } => write!(
                f,
                "{} to {} cannot be carried: {text}; {delivery}",
                urn.request(),
                urn.who()
            ),
            Self::NotPermitted { urn, text } => write!(
                f,
                "{} to {} is not permitted: {text}",
                urn.request(),
                urn.who()
            ),
            Self::UnknownFailure { urn, failure } => write!(
                f,
                "{} to {} failed: {failure}; {}",
                urn.request(),
                urn.who(),
                failure.delivery
            ),
            Self::NoSuchMessage { urn, message } => write!(
                f,
                "received unexpected message type: {message}; {} has no message of that name",
                urn.who()
            ),
            Self::Codec {
                urn,
                error,
                delivery,
            } => {
                write!(
                    f,
                    "{} to {}, or its answer, does not fit: {error}; {delivery}",
                    urn.request(),
                    urn.who()
                )
            }
            Self::SchemaMismatch { urn, message } => write!(
                f,
                "{} knows `{message}` in another shape: build both sides from the same declaration",
                urn.who()
            ),
            Self::Disconnected { urn, delivery } => {
                write!(
                    f,
                    "the connection to the process of {} was lost before {} was answered; {delivery}",
                    urn.who(),
                    urn.request()
                )
            }
            Self::Unreachable { urn, outage } => write!(
                f,
                "the process of {} could not be reached with {}: {outage}; its handler has not run: ask again later",
                urn.who(),
                urn.request()
            ),
            Self::Cancelled { urn } => {
                write!(
                    f,
                    "{} to {} was cancelled before it was handled",
                    urn.request(),
                    urn.who()
                )
            }
            Self::Cycle { path, delivery } => {
                write_cycle(f, path)?;
                write!(
                    f,
                    "; {delivery}: tell or `try_tell` instead, or answer later with a `Deferred`"
                )
            }
            Self::TooManyStreams { urn } => write!(
                f,
                "{} answered {} with a stream, and the connection has as many open as it takes: read or drop the items of another",
                urn.who(),
                urn.request()
            ),
            Self::Urn(error) => error.fmt(f),
            Self::WouldBlock { urn } => write!(
                f,
                "`blocking()` on {} would stop a thread of the async runtime: use `.await` here",
                urn.who()
            ),
            Self::NoTimers { urn, delivery } => write!(
                f,
                "a timeout of {} to {} needs timers, and the tokio runtime here has none: call `enable_time` or `enable_all` on its builder; {delivery}",
                urn.request(),
                urn.who()
            ),
            Self::NoRuntime { urn, delivery } => write!(
                f,
                "a timeout of {} to {} needs a tokio runtime: use `.blocking()` outside of one; {delivery}",
                urn.request(),
                urn.who()
            ),
        }
    }
}

impl<E: MessageError> std::error::Error for AskError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Display forwards to the handler's error, so the source is that error's source.
            Self::Handler(error) => error.as_error().source(),
            Self::Fault { fault, .. } | Self::Panicked { fault, .. } => Some(&**fault),
            Self::Codec { error, .. } => Some(&**error),
            Self::Urn(error) => Some(&**error),
            _ => None,
        }
    }
}
