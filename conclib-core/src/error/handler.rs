//! Error of a handler for a message that was told.

use std::error::Error;
use std::fmt;

/// An error that a handler returned while nobody was asking: `#[on(error)]`
/// gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct HandlerError {
    /// The wire name of the message.
    pub message: &'static str,
    /// The error itself.
    pub error: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handling `{}` failed: {}", self.message, self.error)
    }
}

impl Error for HandlerError {
    /// What the error itself says is in the text of this one.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
