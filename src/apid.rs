//! For code that names the types of [`ApiCommand`](crate::ApiCommand) and
//! [`ApiDaemon`](crate::ApiDaemon): the state of a web server, its end, and the marker of a command
//! with a health URL.

#[doc(inline)]
pub use conclib_apid::{ApiEnd, ApiState, Health, NoHealth};
