//! Requests to and from actors in other processes.

mod answers;
mod control;
mod ended;
mod held;
#[cfg(feature = "codecs")]
mod json;
mod outbound;
mod relay;
mod relays;
mod target;
#[doc(hidden)]
pub use control::FoundTypes;
pub(crate) use control::{ControlRequest, FIND, MAX_FOUND};
pub(crate) use ended::ended;
pub(crate) use held::Held;
pub(crate) use outbound::{poll_send_away, try_tell_away};
pub(crate) use relay::{relay, relay_control};
pub(crate) use relays::Relays;
pub use target::Remote;
