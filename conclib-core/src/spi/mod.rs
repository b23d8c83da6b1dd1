//! Traits by which a link or a broker carries requests to other processes.

mod answerer;
mod body_buffer;
mod broker;
mod origin;
mod outcome;
mod outlet;
mod scope;
mod sink;
mod stream;
pub use answerer::Answerer;
pub(crate) use answerer::{AnySlot, Settle};
pub(crate) use body_buffer::body_buffer;
pub use body_buffer::reuse_body;
pub use broker::Broker;
pub use origin::Origin;
pub(crate) use origin::Outside;
pub use outcome::Outcome;
pub use outlet::{CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, Room, SendRefused, Shortcut};
#[doc(hidden)]
pub use scope::carrying;
pub(crate) use scope::{Carried, Place, carried, export, import, send_on};
pub use scope::{
    Exported, Imported, KeepAlive, Lease, MAX_REFERENCES, RefError, RefScope, enter, exported,
};
pub use sink::ReplySink;
pub(crate) use stream::BodySource;
pub use stream::{Answered, OutboundStream, StreamSource};
