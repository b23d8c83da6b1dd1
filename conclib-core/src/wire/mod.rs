//! The wire: what an envelope is, how it is encoded, and the two traits by
//! which a link or a broker carries it.
//!
//! [`Envelope`] and [`Response`] are what travels. Towards a system they come
//! in through an [`Inlet`]; their answers leave through a [`ReplySink`]. Away
//! from here they leave through an [`Outlet`].

mod accept;
mod answers;
mod asker;
mod cancellation;
mod envelope;
mod inlet;
mod json;
mod leaving;
mod origin;
mod outlet;
mod remote;
mod reply;
mod sink;
mod stream;

#[doc(hidden)]
pub use accept::accept;
#[doc(hidden)]
pub use asker::WireAsker;
pub use cancellation::Cancellation;
#[doc(hidden)]
pub use conclib_wire::rewrite_chain;
pub use conclib_wire::{
    Bincode, Codec, CodecError, Json, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS, WireCodec,
};
pub use conclib_wire::{Envelope, RequestId, Response, ResponseEnvelope, ResponseKind};
pub use conclib_wire::{Frame, FrameError, MAX_FRAME};
pub use conclib_wire::{MAX_CHAIN, MAX_CHAIN_STEPS};
pub use envelope::RequestEnvelope;
pub use inlet::{Broker, Inlet};
pub(crate) use leaving::{Leaving, poll_send_away, try_tell_away};
pub use origin::Origin;
pub use outlet::{Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outage, Outlet, Unsent};
pub use remote::Remote;
pub use reply::WireReply;
pub use sink::ReplySink;
pub(crate) use stream::Incoming;
pub use stream::{Answered, Arriving, FIRST_CREDIT, Outgoing};
