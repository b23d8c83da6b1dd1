//! For code that handles errors one by one: errors of operations that only some programs use, and
//! the types inside of errors. [`AskError`](crate::AskError), [`TellError`](crate::TellError),
//! [`SpawnError`](crate::SpawnError) and the error of any kind, [`Error`], are in the
//! root of the crate.

#[cfg(feature = "apid")]
#[cfg_attr(docsrs, doc(cfg(feature = "apid")))]
#[doc(inline)]
pub use conclib_apid::{HealthUrlError, PrivateDirError, StartApiError, Unhealthy, WaitError};
#[doc(inline)]
pub use conclib_core::wire::Outage;
#[doc(inline)]
pub use conclib_core::{
    CycleStep, Delivery, Escalation, Fault, LookupError, PublishError, StartError, TopicError,
    UrnError,
};
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
#[doc(inline)]
pub use conclib_net::{AddressError, ConnectError as LinkError, KeyError, OpenError};

#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
#[doc(inline)]
pub use conclib_net::TlsError;

#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub use crate::proxy::{ConnectError, ServeError};

use std::error::Error as StdError;
use std::fmt;

/// Any error, for a `main` or a test that may fail in many ways: `?` converts
/// every error into it.
///
/// The text printed for an error that `main` returns is its message and those
/// of its sources, not its fields.
///
/// ```
/// let error: conclib::Error = std::io::Error::other("disk on fire").into();
/// assert_eq!(format!("{error:?}"), "disk on fire");
/// ```
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        // Skips sources whose text is already in the text before them.
        for source in std::iter::successors(self.0.source(), |source| (*source).source()) {
            let text = source.to_string();
            if !said.contains(&text) {
                write!(f, "\n  because {text}")?;
            }
            said = text;
        }
        Ok(())
    }
}

impl Error {
    /// Returns the error itself.
    pub fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

/// Lets a hook of an actor fail with any error too.
impl conclib_core::__private::HookError for Error {
    fn into_box(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}
