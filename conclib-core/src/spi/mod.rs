//! Traits by which a link or a broker carries requests to other processes.

mod broker;
mod origin;
mod outlet;
mod sink;
mod stream;
pub use broker::Broker;
pub use origin::Origin;
pub use outlet::{Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, SendRefused};
pub use sink::ReplySink;
pub(crate) use stream::BodySource;
pub use stream::{Answered, OutboundStream, StreamSource};
