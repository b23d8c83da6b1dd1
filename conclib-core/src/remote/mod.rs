//! Requests to and from actors in other processes.

mod answers;
mod incoming;
mod json;
mod outbound;
mod outbound_request;
mod target;
pub use incoming::accept;
pub(crate) use outbound::{poll_send_away, try_tell_away};
pub(crate) use outbound_request::OutboundRequest;
pub use target::Remote;
