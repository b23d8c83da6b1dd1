//! Panics and errors of handlers, as data.

use std::any::Any;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Description of a panic, or of an error whose type the asker's side does not know. Can be encoded
/// for every wire.
///
/// ```
/// use conclib_wire::Fault;
///
/// let error = std::io::Error::other("disk on fire");
/// let fault = Fault::of(&error);
/// assert_eq!(fault.to_string(), "disk on fire");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fault {
    /// Type of the error; `panic` for a panic.
    pub type_name: String,
    /// Text of the error.
    pub message: String,
    /// Texts of the error's sources, nearest first.
    pub chain: Vec<String>,
}

/// Returns the type name of an error; `error` for a trait object, whose type is not known.
fn type_name<E: ?Sized>() -> &'static str {
    let name = std::any::type_name::<E>();
    if name.starts_with("dyn ") {
        "error"
    } else {
        name
    }
}

/// Maximum number of sources that are kept.
const CHAIN: usize = 16;

impl Fault {
    /// Describes an error and its sources, at most sixteen of these.
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

    /// Describes an error of another process, of which only the text is known.
    #[doc(hidden)]
    pub fn foreign(message: String) -> Self {
        Self {
            type_name: "error".to_owned(),
            message,
            chain: Vec::new(),
        }
    }

    /// Describes a panic by its payload.
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
