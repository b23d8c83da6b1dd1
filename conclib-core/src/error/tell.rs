//! Errors of a message that was not queued.

use std::{any, fmt};

use conclib_wire::{Delivery, Urn, type_name};

use super::ask::AskError;

/// Reason for which a message was not queued. Gives the message back.
///
/// ```
/// use conclib::prelude::*;
///
/// let error = TellError::Full { urn: Urn::new("greeter")?, message: 7 };
/// assert_eq!(error.into_message(), 7);
/// # Ok::<(), conclib::error::UrnError>(())
/// ```
#[non_exhaustive]
pub enum TellError<M> {
    /// The actor has stopped, or takes no more messages because it is stopping.
    Stopped {
        /// Actor that the message was for.
        urn: Urn,
        /// Message that was not delivered.
        message: M,
    },
    /// The mailbox is full, and the call does not wait. For an actor in another process, also: the
    /// connection takes no message at the moment. A full mailbox of another process always refuses,
    /// even a call that waits.
    Full {
        /// Actor that the message was for.
        urn: Urn,
        /// Message that was not delivered.
        message: M,
    },
    /// The message did not reach the mailbox in time, or failed on the connection to another
    /// process.
    Failed {
        /// Reason for the failure.
        error: AskError,
        /// The message. It may have arrived all the same: see [`AskError::delivery`] of `error`.
        message: M,
    },
}

impl<M> TellError<M> {
    pub(crate) fn new(error: AskError, message: M) -> Self {
        match error {
            AskError::Stopped {
                urn,
                delivery: Delivery::NotDelivered,
            } => Self::Stopped { urn, message },
            AskError::MailboxFull { urn } => Self::Full { urn, message },
            error => Self::Failed { error, message },
        }
    }

    /// Returns the message that was not delivered.
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
                let message = type_name(any::type_name::<M>());
                write!(
                    f,
                    "{} has stopped{}; `{message}` was not delivered",
                    urn.who(),
                    urn.why_ended()
                )
            }
            Self::Full { urn, .. } => {
                let (who, message) = (urn.who(), type_name(any::type_name::<M>()));
                write!(
                    f,
                    "the mailbox of {who} is full; `{message}` was not delivered"
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
