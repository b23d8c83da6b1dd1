//! Errors of publishing an actor under a further name, and of looking up a topic.

use conclib_wire::{Urn, UrnError};

/// Reason for which an actor did not get a further name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Another actor has the name.
    #[error(
        "the name `{urn}` is taken in the system `{system}`: withdraw it there first, or pick another"
    )]
    UrnTaken {
        /// The name.
        urn: Urn,
        /// The system in which it is taken.
        system: String,
    },
    /// The name is not a valid URN.
    #[error(transparent)]
    Urn(#[from] UrnError),
    /// The actor has ended, or it lives in another system or process.
    #[error("`{actor}` does not live in the system `{system}`, so it cannot be published there")]
    NotHere {
        /// The actor.
        actor: Urn,
        /// Name of the system that was searched.
        system: String,
    },
}

/// Reason for which a topic could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The topic of that name carries another message type.
    #[error("the topic `{topic}` carries `{found}`, not `{expected}`")]
    TypeMismatch {
        /// Name of the topic.
        topic: String,
        /// Type of message that was asked for.
        expected: &'static str,
        /// Type of message that the topic carries.
        found: &'static str,
    },
}
