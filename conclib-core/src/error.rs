//! The errors of asking, telling, spawning and looking up: one type for each.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::message::Never;
use crate::urn::{Urn, UrnError};
use crate::wire::CodecError;

/// Whether a handler may have run although no reply came: what decides if a
/// request can be sent again without harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// The handler has not run and will not run.
    NotDelivered,
    /// The handler ran, runs, or may still run.
    MayHaveRun,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotDelivered => "its handler has not run",
            Self::MayHaveRun => "its handler may have run",
        })
    }
}

/// Why an ask got no reply.
///
/// ```
/// use conclib_core::{AskError, Delivery, Never, Urn};
///
/// let error: AskError<Never> = AskError::NoSuchActor { urn: Urn::new("greeter")? };
/// assert_eq!(error.delivery(), Delivery::NotDelivered);
/// assert!(error.to_string().contains("greeter"));
/// # Ok::<(), conclib_core::UrnError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AskError<E = Never> {
    /// The handler answered with an error of the domain; the actor lives.
    Handler(E),
    /// The handler failed with an error whose type is not known here: from a
    /// foreign peer.
    Fault {
        /// Who was asked.
        urn: Urn,
        /// What is known of the error.
        fault: Box<Fault>,
    },
    /// The handler panicked, and its actor ended.
    Panicked {
        /// Who was asked.
        urn: Urn,
        /// The text of the panic.
        fault: Box<Fault>,
    },
    /// The actor has stopped, or stopped before it answered.
    Stopped {
        /// Who was asked.
        urn: Urn,
        /// Whether the handler may have run.
        delivery: Delivery,
    },
    /// The handler dropped its [`ReplyTo`](crate::ReplyTo) unanswered.
    NoReply {
        /// Who was asked.
        urn: Urn,
    },
    /// The deadline passed before a reply came.
    Deadline {
        /// Who was asked.
        urn: Urn,
        /// How long the ask was given.
        after: Duration,
        /// Whether the handler may have run.
        delivery: Delivery,
    },
    /// The mailbox was full.
    MailboxFull {
        /// Who was asked.
        urn: Urn,
    },
    /// No actor of that name lives in the system that was asked.
    NoSuchActor {
        /// Who was asked for.
        urn: Urn,
    },
    /// The actor has no such message.
    NoSuchMessage {
        /// Who was asked.
        urn: Urn,
        /// The wire name of the message.
        message: Box<str>,
    },
    /// A request or a reply could not be encoded or decoded.
    Codec {
        /// Who was asked.
        urn: Urn,
        /// What did not fit.
        error: Box<CodecError>,
        /// Whether the handler may have run.
        delivery: Delivery,
    },
    /// Both sides know the message by name, but not of the same shape.
    SchemaMismatch {
        /// Who was asked.
        urn: Urn,
        /// The wire name of the message.
        message: Box<str>,
    },
    /// The connection to the actor's process was lost.
    Disconnected {
        /// Who was asked.
        urn: Urn,
        /// Whether the handler may have run.
        delivery: Delivery,
    },
    /// The request had been given up by its asker before it was served.
    Cancelled {
        /// Who was asked.
        urn: Urn,
    },
    /// The name that was asked is none.
    Urn(Box<UrnError>),
    /// [`blocking`](crate::Call::blocking) was called where waiting would
    /// stop a runtime's own thread.
    WouldBlock {
        /// Who was asked.
        urn: Urn,
    },
    /// A timeout needs a tokio runtime, and there is none here.
    NoRuntime {
        /// Who was asked.
        urn: Urn,
    },
}

impl<E> AskError<E> {
    /// Whether the handler may have run.
    ///
    /// [`NotDelivered`](Delivery::NotDelivered) means that sending the request
    /// again cannot make it happen twice.
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Handler(_)
            | Self::Fault { .. }
            | Self::Panicked { .. }
            | Self::NoReply { .. } => Delivery::MayHaveRun,
            Self::Stopped { delivery, .. }
            | Self::Deadline { delivery, .. }
            | Self::Codec { delivery, .. }
            | Self::Disconnected { delivery, .. } => *delivery,
            Self::MailboxFull { .. }
            | Self::NoSuchActor { .. }
            | Self::NoSuchMessage { .. }
            | Self::SchemaMismatch { .. }
            | Self::Cancelled { .. }
            | Self::Urn(_)
            | Self::WouldBlock { .. }
            | Self::NoRuntime { .. } => Delivery::NotDelivered,
        }
    }

    /// The error of the domain, if it is one.
    pub fn into_handler(self) -> Option<E> {
        match self {
            Self::Handler(error) => Some(error),
            _ => None,
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
        }
    }
}

impl<E: fmt::Display> fmt::Display for AskError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => write!(f, "{error}"),
            Self::Fault { urn, fault } => write!(f, "asking `{urn}` failed there: {fault}"),
            Self::Panicked { urn, fault } => {
                write!(f, "`{urn}` panicked while it handled the request: {fault}")
            }
            Self::Stopped { urn, delivery } => {
                write!(f, "`{urn}` stopped before it answered; {delivery}")
            }
            Self::NoReply { urn } => {
                write!(f, "`{urn}` dropped the request without an answer")
            }
            Self::Deadline {
                urn,
                after,
                delivery,
            } => {
                write!(f, "`{urn}` did not answer within {after:?}; {delivery}")
            }
            Self::MailboxFull { urn } => write!(
                f,
                "the mailbox of `{urn}` is full; its handler has not run: ask again later"
            ),
            Self::NoSuchActor { urn } => write!(
                f,
                "no actor `{urn}` lives in the system that was asked: is it spawned, and under that name?"
            ),
            Self::NoSuchMessage { urn, message } => write!(
                f,
                "received unexpected message type: {message}; `{urn}` has no message of that name"
            ),
            Self::Codec {
                urn,
                error,
                delivery,
            } => {
                write!(
                    f,
                    "a message to or from `{urn}` does not fit: {error}; {delivery}"
                )
            }
            Self::SchemaMismatch { urn, message } => write!(
                f,
                "`{urn}` knows `{message}` in another shape: build both sides from the same declaration"
            ),
            Self::Disconnected { urn, delivery } => {
                write!(
                    f,
                    "the connection to the process of `{urn}` was lost; {delivery}"
                )
            }
            Self::Cancelled { urn } => {
                write!(
                    f,
                    "the request to `{urn}` was given up before it was served"
                )
            }
            Self::Urn(error) => error.fmt(f),
            Self::WouldBlock { urn } => write!(
                f,
                "`blocking()` on `{urn}` would stop a thread of the async runtime: use `.await` here"
            ),
            Self::NoRuntime { urn } => write!(
                f,
                "a timeout on `{urn}` needs a tokio runtime: use `.blocking()` outside of one"
            ),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for AskError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Handler(error) => Some(error),
            Self::Fault { fault, .. } | Self::Panicked { fault, .. } => Some(&**fault),
            Self::Codec { error, .. } => Some(&**error),
            Self::Urn(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Everything that can keep a request from its reply, but for the handler's
/// own error. It goes over the wire as it is; the asker adds whom it asked.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    Fault(Box<Fault>),
    Panicked(Box<Fault>),
    Stopped(Delivery),
    NoReply,
    MailboxFull,
    NoSuchActor,
    NoSuchMessage(Box<str>),
    Codec(Box<CodecError>, Delivery),
    SchemaMismatch(Box<str>),
    Disconnected(Delivery),
    Cancelled,
    /// The time it was given is over.
    Deadline(Duration),
    Urn(Box<UrnError>),
}

/// Why a message was not queued. The message comes back with it.
///
/// ```
/// # use conclib_core::{TellError, Urn};
/// let error = TellError::Full { urn: Urn::new("greeter")?, message: 7 };
/// assert_eq!(error.into_message(), 7);
/// # Ok::<(), conclib_core::UrnError>(())
/// ```
#[non_exhaustive]
pub enum TellError<M> {
    /// The actor has stopped, or takes no more messages because it is stopping.
    Stopped {
        /// Who was told.
        urn: Urn,
        /// The message, not delivered.
        message: M,
    },
    /// The mailbox is full, and the call does not wait.
    Full {
        /// Who was told.
        urn: Urn,
        /// The message, not delivered.
        message: M,
    },
    /// The message did not get as far as the mailbox in time, or over the
    /// connection to another process.
    Failed {
        /// What kept it.
        error: AskError,
        /// The message. [`AskError::delivery`] of `error` says whether it may
        /// have arrived all the same.
        message: M,
    },
}

impl<M> TellError<M> {
    /// The message that was not delivered.
    pub fn into_message(self) -> M {
        match self {
            Self::Stopped { message, .. }
            | Self::Full { message, .. }
            | Self::Failed { message, .. } => message,
        }
    }
}

impl<M> fmt::Debug for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped { urn, .. } => f
                .debug_struct("Stopped")
                .field("urn", urn)
                .finish_non_exhaustive(),
            Self::Full { urn, .. } => f
                .debug_struct("Full")
                .field("urn", urn)
                .finish_non_exhaustive(),
            Self::Failed { error, .. } => f
                .debug_struct("Failed")
                .field("error", error)
                .finish_non_exhaustive(),
        }
    }
}

impl<M> fmt::Display for TellError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped { urn, .. } => {
                write!(f, "`{urn}` has stopped; the message was not delivered")
            }
            Self::Full { urn, .. } => {
                write!(
                    f,
                    "the mailbox of `{urn}` is full; the message was not delivered"
                )
            }
            Self::Failed { error, .. } => error.fmt(f),
        }
    }
}

impl<M> std::error::Error for TellError<M> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Why an actor could not be spawned. Nothing of it is left behind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// Another actor has the name.
    #[error(
        "the name `{urn}` is taken in the system `{system}`: stop that actor first, or pick another with `.urn(…)`"
    )]
    UrnTaken {
        /// The name.
        urn: Urn,
        /// The system in which it is taken.
        system: String,
    },
    /// The name is not one.
    #[error(transparent)]
    Urn(#[from] UrnError),
    /// There is no tokio runtime here.
    #[error(
        "an actor is spawned from inside a tokio runtime: call this from `#[conclib::main]`, from a task, or after `Runtime::enter`"
    )]
    NoRuntime,
    /// The system is shutting down or has shut down.
    #[error("the system `{system}` is shutting down and takes no new actors")]
    ShuttingDown {
        /// The system.
        system: String,
    },
}

/// Why no reference was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// Nobody has that name.
    #[error("no actor `{urn}` lives in the system `{system}`")]
    NoSuchActor {
        /// The name that was looked up; it may not even be a URN.
        urn: String,
        /// The system that was asked.
        system: String,
    },
    /// The actor of that name is of another type.
    #[error("the actor `{urn}` is a `{found}`, not a `{expected}`")]
    TypeMismatch {
        /// The name that was looked up.
        urn: Urn,
        /// The type that was asked for.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
}

/// Why an actor did not start: its `#[on(create)]` or `#[on(start)]` failed or
/// panicked, or it was ended before.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{urn}` did not start: {reason}")]
#[non_exhaustive]
pub struct StartError {
    /// The actor.
    pub urn: Urn,
    /// How it ended instead.
    pub reason: crate::StopReason,
}
