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
mod chain;
mod codec;
mod envelope;
mod frame;
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
pub use asker::{Queued, WireAsker};
pub use cancellation::Cancellation;
#[cfg(test)]
pub(crate) use chain::decode as chain_steps;
#[doc(hidden)]
pub use chain::rewrite_chain;
pub use chain::{MAX_CHAIN, MAX_CHAIN_STEPS};
pub(crate) use chain::{Mark, Step, encode as chain_bytes};
pub use codec::{Bincode, Codec, CodecError, Json, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS, WireCodec};
pub use envelope::{
    Envelope, RequestEnvelope, RequestId, Response, ResponseEnvelope, ResponseKind,
};
pub use frame::{Frame, FrameError, MAX_FRAME};
pub use inlet::{Broker, Inlet};
pub(crate) use leaving::{Leaving, poll_send_away, try_tell_away};
pub use origin::Origin;
pub use outlet::{Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outage, Outlet, Unsent};
pub use remote::Remote;
pub use reply::WireReply;
pub use sink::ReplySink;
pub(crate) use stream::Incoming;
pub use stream::{Answered, Arriving, FIRST_CREDIT, Outgoing};
