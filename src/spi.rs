//! For crates that carry messages between processes: the traits of a link and of a broker, and the
//! handles that they work with.
//!
//! A broker delivers requests to a system through an [`Inlet`], and their answers leave through a
//! [`ReplySink`]. Requests to other processes leave through an [`Outlet`], whose actors are
//! [`Remote`]s.

#[doc(inline)]
pub use conclib_core::wire::{
    Answered, Answerer, Broker, CancelOnDrop, Cancellation, DEFAULT_TIMEOUT, Inlet, MAX_TIMEOUT,
    Origin, OutboundStream, Outlet, Remote, RemoteReply, ReplySink, SendRefused, StreamSource,
};
