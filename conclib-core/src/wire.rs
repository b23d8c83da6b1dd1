//! For crates that carry messages between processes: wire formats, which are envelopes and their
//! encodings, and the traits of a link and of a broker.
//!
//! [`Envelope`] and [`Response`] are the requests and answers. Requests to a system come in through
//! an [`Inlet`], and their answers leave through a [`ReplySink`]. Requests to other processes leave
//! through an [`Outlet`].

pub use crate::actor::{History, Portable, PortableSource};
pub use crate::deadlock::Cancellation;
pub use crate::error::Outage;
pub use crate::node::{Found, Name, Names};
#[doc(hidden)]
pub use crate::pool::WorkersElsewhere;
#[doc(hidden)]
pub use crate::remote::FoundTypes;
pub use crate::remote::Remote;
pub use crate::reply::RemoteReply;
pub use crate::reply::RequestEnvelope;
#[doc(hidden)]
pub use crate::reply::{Queued, RemoteCaller, accept};
pub use crate::snapshot::{Link, LinkSnapshot};
pub use crate::spi::Broker;
pub use crate::spi::Origin;
pub use crate::spi::Outcome;
pub use crate::spi::ReplySink;
#[doc(hidden)]
pub use crate::spi::carrying;
pub use crate::spi::reuse_body;
pub use crate::spi::{Answered, OutboundStream, StreamSource};
pub use crate::spi::{
    Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, Room, SendRefused, Shortcut,
};
pub use crate::spi::{
    Exported, Imported, KeepAlive, Lease, MAX_REFERENCES, RefError, RefScope, enter, exported,
};
pub use crate::system::{Control, Inlet, MAX_CONTROL_WAITS, Permit};
#[doc(hidden)]
pub use crate::system::{Elsewhere, FarOptions};
pub use crate::system::{ForeignActor, ForeignBuilder, StopSignal};
pub use conclib_wire::FIRST_CREDIT;
#[cfg(feature = "codecs")]
pub use conclib_wire::{Bincode, Json};
pub use conclib_wire::{Codec, CodecError, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS, WireCodec};
pub use conclib_wire::{
    DeliveryClass, Envelope, RequestId, Response, ResponseEnvelope, ResponseKind, Wants,
};
pub use conclib_wire::{Failure, UnknownFailure};
pub use conclib_wire::{Frame, FrameError, Keys, MAX_FRAME, MAX_KEYS};
pub use conclib_wire::{Home, NodeId};
pub use conclib_wire::{MAX_CHAIN, MAX_CHAIN_STEPS};
#[doc(hidden)]
pub use conclib_wire::{rewrite_chain, type_name};
