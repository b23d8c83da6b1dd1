//! Why an ask got no reply.

use std::fmt;
use std::time::Duration;

use conclib_wire::Delivery;

use crate::wire::Outage;
use conclib_wire::CodecError;
use conclib_wire::CycleStep;
use conclib_wire::Failure;
use conclib_wire::Fault;
use conclib_wire::Never;
use conclib_wire::{Urn, UrnError};

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
    /// The actor has stopped; or it was killed, stopped or started again before
    /// it answered.
    Stopped {
        /// Who was asked.
        urn: Urn,
        /// Whether the handler may have run.
        delivery: Delivery,
    },
    /// The handler dropped its [`ReplyTo`](crate::reply::ReplyTo) unanswered.
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
    /// The mailbox was full; or the actor is in another process, and has as many
    /// unanswered requests of this client as one actor may have.
    ///
    /// A request from another process is refused where one from here waits for a
    /// place in the mailbox: see [`ActorRef`](crate::actor::ActorRef).
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
    /// No connection to the actor's process was there: until the deadline, if
    /// the message could wait. The handler has not run. The client goes on
    /// trying to connect.
    Unreachable {
        /// The actor that was asked.
        urn: Urn,
        /// Time without a connection, and the reason.
        outage: Box<Outage>,
    },
    /// The request had been given up by its asker before it was served.
    Cancelled {
        /// Who was asked.
        urn: Urn,
    },
    /// Waiting for the answer, or for a place in a full mailbox, would have
    /// closed a circle of actors that wait for each other, for ever. They may
    /// be in several systems and processes.
    Cycle {
        /// Who would wait for whom, from the asker to the asker.
        path: Box<[CycleStep]>,
        /// Whether the handler may have run.
        delivery: Delivery,
    },
    /// The handler answered with a stream, and the connection has as many open
    /// as it takes: read or drop the [`Items`](crate::reply::Items) of another.
    TooManyStreams {
        /// Who was asked.
        urn: Urn,
    },
    /// The name that was asked is none.
    Urn(Box<UrnError>),
    /// [`blocking`](crate::call::Call::blocking) was called where waiting would
    /// stop a runtime's own thread.
    WouldBlock {
        /// Who was asked.
        urn: Urn,
    },
    /// A timeout needs a tokio runtime with timers, and the one here has none.
    NoTimers {
        /// The actor that was asked.
        urn: Urn,
        /// Says whether the handler may have run.
        delivery: Delivery,
    },
    /// A timeout needs a tokio runtime, and there is none here.
    NoRuntime {
        /// Who was asked.
        urn: Urn,
        /// Whether the handler may have run.
        delivery: Delivery,
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
            | Self::NoReply { .. }
            | Self::TooManyStreams { .. } => Delivery::MayHaveRun,
            Self::Stopped { delivery, .. }
            | Self::Deadline { delivery, .. }
            | Self::Codec { delivery, .. }
            | Self::Disconnected { delivery, .. }
            | Self::Cycle { delivery, .. }
            | Self::NoTimers { delivery, .. }
            | Self::NoRuntime { delivery, .. } => *delivery,
            Self::MailboxFull { .. }
            | Self::NoSuchActor { .. }
            | Self::NoSuchMessage { .. }
            | Self::SchemaMismatch { .. }
            | Self::Unreachable { .. }
            | Self::Cancelled { .. }
            | Self::Urn(_)
            | Self::WouldBlock { .. } => Delivery::NotDelivered,
        }
    }

    /// The error of the domain, if it is one.
    pub fn into_handler(self) -> Option<E> {
        match self {
            Self::Handler(error) => Some(error),
            _ => None,
        }
    }

    /// Error of an ask whose time is over; the connection may have been gone all the while.
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
            Failure::TooManyStreams => Self::TooManyStreams { urn },
            Failure::Cycle(path, delivery) => Self::Cycle { path, delivery },
        }
    }
}

/// The actors that would wait for each other: `would deadlock: A(a) -> A(a)`.
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
                    "{} of {} failed there: {fault}",
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
                // A restart ends only the turn that runs: what is queued is
                // handled after it.
                let how = match delivery {
                    Delivery::NotDelivered => "stopped",
                    Delivery::MayHaveRun => "was killed, stopped or started again",
                };
                write!(
                    f,
                    "{} {how} before it answered {}; {delivery}",
                    urn.who(),
                    urn.request()
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
                    "{} to {} was given up before it was served",
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
                "a timeout on `{urn}` needs timers, and the tokio runtime here has none: call `enable_time` or `enable_all` on its builder; {delivery}"
            ),
            Self::NoRuntime { urn, delivery } => write!(
                f,
                "a timeout on {} needs a tokio runtime: use `.blocking()` outside of one; {delivery}",
                urn.who()
            ),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for AskError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // It says what the error says, and has the source that it has.
            Self::Handler(error) => error.source(),
            Self::Fault { fault, .. } | Self::Panicked { fault, .. } => Some(&**fault),
            Self::Codec { error, .. } => Some(&**error),
            Self::Urn(error) => Some(&**error),
            _ => None,
        }
    }
}
