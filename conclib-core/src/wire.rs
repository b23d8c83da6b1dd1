//! For crates that carry messages between processes: wire formats, which are envelopes and their
//! encodings, and the traits of a link and of a broker.
//!
//! [`Envelope`] and [`Response`] are the requests and answers. Requests to a system come in through
//! an [`Inlet`], and their answers leave through a [`ReplySink`]. Requests to other processes leave
//! through an [`Outlet`].

pub use crate::deadlock::Cancellation;
pub use crate::error::Outage;
pub use crate::remote::Remote;
#[doc(hidden)]
pub use crate::remote::accept;
pub use crate::reply::RemoteReply;
pub use crate::reply::RequestEnvelope;
#[doc(hidden)]
pub use crate::reply::{Queued, RemoteCaller};
pub use crate::spi::Broker;
pub use crate::spi::Origin;
pub use crate::spi::ReplySink;
pub use crate::spi::{Answered, OutboundStream, StreamSource};
pub use crate::spi::{Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, SendRefused};
pub use crate::system::Inlet;
pub use conclib_wire::FIRST_CREDIT;
#[doc(hidden)]
pub use conclib_wire::rewrite_chain;
pub use conclib_wire::{
    Bincode, Codec, CodecError, Json, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS, WireCodec,
};
pub use conclib_wire::{Envelope, RequestId, Response, ResponseEnvelope, ResponseKind};
pub use conclib_wire::{Frame, FrameError, MAX_FRAME};
pub use conclib_wire::{MAX_CHAIN, MAX_CHAIN_STEPS};
