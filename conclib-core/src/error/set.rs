//! Why a name leads nowhere else: of an actor, of a topic.

use conclib_wire::{Urn, UrnError};

/// Why an actor did not get one name more.
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
    /// The name is not one.
    #[error(transparent)]
    Urn(#[from] UrnError),
    /// The actor has ended, or it lives in another system or process.
    #[error("`{actor}` does not live in the system `{system}`, which can give it no name")]
    NotHere {
        /// The actor.
        actor: Urn,
        /// The system that was asked.
        system: String,
    },
}

/// Why there is no such topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The topic of that name carries another message.
    #[error("the topic `{topic}` carries `{found}`, not `{expected}`")]
    TypeMismatch {
        /// The name of the topic.
        topic: String,
        /// The message that was asked for.
        expected: &'static str,
        /// The message it carries.
        found: &'static str,
    },
}
