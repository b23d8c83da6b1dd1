//! Outage of a connection.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Outage: a time without a connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outage {
    /// Time that the outage has lasted.
    pub lasted: Duration,
    /// Reason: the error of the last try to connect, or of the loss of the
    /// connection.
    pub why: Box<str>,
    /// Error of the last try to connect. `None` if none has failed since the loss of the connection,
    /// or if the connection has only a text. Not part of a snapshot.
    #[serde(skip)]
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Outage {
    /// Returns the error of the last try to connect, if it has that type. The type of a connection
    /// over a socket is `conclib::error::LinkError`: its variant `Auth` says that the other side has
    /// another authkey.
    ///
    /// ```
    /// use std::io::{Error, ErrorKind};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use conclib_core::wire::Outage;
    ///
    /// let outage = Outage {
    ///     lasted: Duration::from_secs(3),
    ///     why: "connection refused".into(),
    ///     cause: Some(Arc::new(Error::from(ErrorKind::ConnectionRefused))),
    /// };
    /// let cause = outage.cause_as::<Error>().map(Error::kind);
    /// assert_eq!(cause, Some(ErrorKind::ConnectionRefused));
    /// assert!(outage.cause_as::<std::fmt::Error>().is_none());
    /// ```
    #[must_use]
    pub fn cause_as<E: Error + 'static>(&self) -> Option<&E> {
        let cause: &(dyn Error + 'static) = &**self.cause.as_ref()?;
        cause.downcast_ref()
    }
}

/// Two outages are equal if their times and their reasons are; errors cannot be compared.
impl PartialEq for Outage {
    fn eq(&self, other: &Self) -> bool {
        (self.lasted, &self.why) == (other.lasted, &other.why)
    }
}

impl Eq for Outage {}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection for {:.1?} ({})", self.lasted, self.why)
    }
}
