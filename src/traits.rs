//! For generic code: the traits that `#[actor]`, `#[message]`, `#[part]` and `#[protocol]`
//! implement, as bounds of functions and types.
//!
//! A function that spawns any actor is bounded by [`TaskActor`], one that sends any message by
//! [`Target`], and one that sends a message to another process by [`WireMessage`].

#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub use crate::listen::{ConnectTo, Listen};
#[doc(inline)]
pub use conclib_core::{
    ByParts, CallTarget, Create, DEFAULT_MAILBOX, Declared, Local, MessageError, MessageOf,
    Messages, Named, Part, Prioritised, ProtocolMessage, Reach, Restartable, Shape, Target,
    TaskActor, Travels, Wire, WireMessage,
};
