//! Error of a handler for a message that was told.

use std::error::Error;
use std::fmt;

/// Error that a handler returned for a message that was told, not asked; passed to `#[on(error)]`.
#[derive(Debug)]
#[non_exhaustive]
pub struct HandlerError {
    /// The wire name of the message.
    pub message: &'static str,
    /// Error that the handler returned.
    pub error: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handling `{}` failed: {}", self.message, self.error)
    }
}

impl Error for HandlerError {
    /// Skips the error itself, whose text is part of this one's.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
