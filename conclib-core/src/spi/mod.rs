//! Traits by which a link or a broker carries requests to other processes.

mod broker;
mod origin;
mod outlet;
mod sink;
mod stream;
pub use broker::Broker;
pub use origin::Origin;
pub use outlet::{Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, Unsent};
pub use sink::ReplySink;
pub(crate) use stream::Feed;
pub use stream::{Answered, Arriving, Outgoing};
