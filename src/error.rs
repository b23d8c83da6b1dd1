//! For code that handles errors one by one: errors of operations that only some programs use, and
//! the types inside of errors. [`AskError`](crate::AskError), [`TellError`](crate::TellError),
//! [`SpawnError`](crate::SpawnError) and the error of any kind, [`Error`](crate::Error), are in the
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
