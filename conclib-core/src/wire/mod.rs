//! Wire formats: envelopes and their encodings, and the traits by which a link or a broker carries
//! them.
//!
//! [`Envelope`] and [`Response`] are the requests and answers. Requests to a system come in through
//! an [`Inlet`], and their answers leave through a [`ReplySink`]. Requests to other processes leave
//! through an [`Outlet`].

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

pub use crate::error::Outage;
#[doc(hidden)]
pub use accept::accept;
#[doc(hidden)]
pub use asker::{Queued, WireAsker};
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
pub use outlet::{Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, Unsent};
pub use remote::Remote;
pub use reply::WireReply;
pub use sink::ReplySink;
pub(crate) use stream::Incoming;
pub use stream::{Answered, Arriving, FIRST_CREDIT, Outgoing};
