//! Result of decoding a request.

use crate::reply::RemoteCaller;

/// Result of decoding a request that came over a wire.
#[doc(hidden)]
pub enum Accepted<I> {
    /// Decoded message, with its priority.
    Message(I, u8),
    /// The request could not be decoded, and its asker has been told.
    Answered,
    /// No wire message of that name is declared.
    Undeclared(RemoteCaller),
}

impl<I> Accepted<I> {
    /// Wraps a message of a protocol in its variant of an actor's inbox.
    pub fn nested<O>(self, variant: fn(I) -> O) -> Accepted<O> {
        match self {
            Self::Message(inbox, priority) => Accepted::Message(variant(inbox), priority),
            Self::Answered => Accepted::Answered,
            Self::Undeclared(asker) => Accepted::Undeclared(asker),
        }
    }
}
