//! Requests to and from actors in other processes.

mod answers;
mod incoming;
mod json;
mod outbound;
mod target;
pub use incoming::accept;
pub(crate) use outbound::{poll_send_away, try_tell_away};
pub use target::Remote;
