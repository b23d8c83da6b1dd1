//! For all code that uses conclib: the names that most programs need, by
//! `use conclib::prelude::*`.

#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
#[doc(no_inline)]
pub use crate::listen::{ConnectTo, Listen};
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
#[doc(no_inline)]
pub use crate::proxy::{Proxy, ProxyClient};
#[cfg(feature = "apid")]
#[cfg_attr(docsrs, doc(cfg(feature = "apid")))]
#[doc(no_inline)]
pub use conclib_apid::{ApiCommand, ApiDaemon, PrivateDir, start_api};
#[doc(no_inline)]
pub use conclib_core::wire::RequestEnvelope;
#[doc(no_inline)]
pub use conclib_core::{
    Actor, ActorRef, AskError, Attached, Backoff, Call, ChildExit, Context, DeadLetter,
    DeadLetterCause, Deferred, Delivery, Directive, Event, Fault, Gone, Handler, HandlerError,
    Held, Inbox, Items, Lagged, LookupError, Message, Never, Overflow, Pool, Recipient, Reply,
    ReplyGroup, ReplyTo, Restart, SharedReply, SpawnError, StartError, State, StopReason, Stopping,
    Strategy, Stream, Subscription, System, TellError, Ticker, Topic, Urn, WeakRef,
};
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
#[doc(no_inline)]
pub use conclib_macros::{actor, fallback, handler, message, on, part, protocol};
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
#[doc(no_inline)]
pub use conclib_net::AuthKey;
#[cfg(feature = "process")]
#[cfg_attr(docsrs, doc(cfg(feature = "process")))]
#[doc(no_inline)]
pub use conclib_process::{InProcess, PoolInProcess};
