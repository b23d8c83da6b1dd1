//! For programs that read or write the bytes between processes: envelopes, codecs, frames and their
//! limits.
//!
//! [`Envelope`] is a request and [`Response`] an answer to it; a [`Frame`] carries either over a
//! connection, and a [`Codec`] encodes their bodies. The codecs come with the features `net` and
//! `process`.

#[cfg(any(feature = "net", feature = "process"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "net", feature = "process"))))]
#[doc(inline)]
pub use conclib_core::wire::{Bincode, Json};
#[doc(inline)]
pub use conclib_core::wire::{
    Codec, CodecError, DeliveryClass, Envelope, FIRST_CREDIT, Frame, FrameError, Keys, MAX_BODY,
    MAX_CHAIN, MAX_CHAIN_STEPS, MAX_DEPTH, MAX_ELEMENTS, MAX_FRAME, MAX_KEYS, NodeId,
    RequestEnvelope, RequestId, Response, ResponseEnvelope, ResponseKind, Wants, WireCodec,
};
