//! What went wrong inside a handler, as data.

use std::any::Any;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A panic, or an error whose type is not known here, as it is told to the
/// asker: it can cross every wire.
///
/// ```
/// use conclib_core::Fault;
///
/// let error = std::io::Error::other("disk on fire");
/// let fault = Fault::of(&error);
/// assert_eq!(fault.to_string(), "disk on fire");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// The type of the error; `panic` for a panic.
    pub type_name: String,
    /// Its text.
    pub message: String,
    /// The texts of its sources, nearest first.
    pub chain: Vec<String>,
}

/// The type of an error; of a boxed one nobody can tell.
fn type_name<E: ?Sized>() -> &'static str {
    let name = std::any::type_name::<E>();
    if name.starts_with("dyn ") {
        "error"
    } else {
        name
    }
}

/// How many sources of an error are kept.
const CHAIN: usize = 16;

impl Fault {
    /// Describes an error and its sources, sixteen of them at most.
    pub fn of<E: Error + ?Sized>(error: &E) -> Self {
        let chain = std::iter::successors(error.source(), |source: &&dyn Error| (*source).source())
            .take(CHAIN)
            .map(ToString::to_string)
            .collect();
        Self {
            type_name: type_name::<E>().to_owned(),
            message: error.to_string(),
            chain,
        }
    }

    /// An error from elsewhere, of which only the text is known.
    pub(crate) fn foreign(message: String) -> Self {
        Self {
            type_name: "error".to_owned(),
            message,
            chain: Vec::new(),
        }
    }

    /// What a panic left behind.
    #[doc(hidden)]
    pub fn panic(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic whose payload is no text".to_owned());
        Self {
            type_name: "panic".to_owned(),
            message,
            chain: Vec::new(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for source in &self.chain {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl Error for Fault {}

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
