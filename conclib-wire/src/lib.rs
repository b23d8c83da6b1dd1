//! The wire of conclib: the names of actors, the words that travel between
//! processes, codecs, envelopes and frames. It knows neither tokio nor actors.
//! Users depend on the crate `conclib`, which re-exports this.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `codec`, `delivery`, `fault`, `never`, `parts`, `process_exit`, `state`, `urn`
//! 2. `cycle`, `node`, `shape`, `stop_reason`
//! 3. `chain`, `failure`
//! 4. `envelope`
//! 5. `frame`

mod chain;
mod codec;
mod cycle;
mod delivery;
mod envelope;
mod failure;
mod fault;
mod frame;
mod never;
mod node;
#[doc(hidden)]
pub mod parts;
mod process_exit;
#[doc(hidden)]
pub mod shape;
mod state;
mod stop_reason;
mod urn;

#[doc(hidden)]
pub use chain::{
    ChainError, EdgeToken, Step, decode as decode_chain, encode as encode_chain, rewrite_chain,
};
pub use chain::{MAX_CHAIN, MAX_CHAIN_STEPS};
#[cfg(feature = "codecs")]
pub use codec::{Bincode, Json};
pub use codec::{Codec, CodecError, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS, WireCodec};
#[doc(hidden)]
pub use cycle::Cycle;
pub use cycle::CycleStep;
pub use delivery::Delivery;
pub use envelope::{
    DeliveryClass, Envelope, RequestId, Response, ResponseEnvelope, ResponseKind, Wants,
};
pub use failure::{Failure, UnknownFailure};
pub use fault::Fault;
pub use frame::{FIRST_CREDIT, Frame, FrameError, Keys, MAX_FRAME, MAX_KEYS};
pub use never::Never;
#[doc(hidden)]
pub use node::WireRef;
pub use node::{Home, NodeId};
pub use process_exit::{ProcessExit, ProcessStatus};
pub use shape::Shape;
pub use state::State;
pub use stop_reason::{Escalation, StopReason};
#[doc(hidden)]
pub use urn::type_name;
pub use urn::{Urn, UrnError};
