//! Actors of conclib inside one process, and the wire formats to reach them from other processes.
//! Users depend on the crate `conclib`, which re-exports this one.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors; the files of one module may
//! import each other.
//!
//! 1. `actor_id`, `catch`, `error`, `events`, `forwarding_waker`, `place`, `splitmix`, `supervision`, `sync`
//! 2. `directory`, `hook`, `mailbox`, `named`, `snapshot`, `spi`, `time`
//! 3. `message`, `observe`, `turn_scope`
//! 4. `deadlock`
//! 5. `reply`
//! 6. `call`
//! 7. `remote`
//! 8. `node`
//! 9. `actor`
//! 10. `system`
//! 11. `entry`, `pool`, `program`, `topic`, `wire`
//! 12. `__private`

mod actor;
mod actor_id;
mod call;
mod catch;
mod deadlock;
mod directory;
mod entry;
mod error;
mod events;
mod forwarding_waker;
mod hook;
mod mailbox;
mod message;
mod named;
mod node;
mod observe;
mod place;
mod pool;
#[cfg(feature = "main")]
mod program;
mod remote;
mod reply;
mod snapshot;
mod spi;
mod splitmix;
mod supervision;
mod sync;
mod system;
mod time;
mod topic;
mod turn_scope;
pub mod wire;

#[doc(hidden)]
pub mod __private;

pub use crate::actor::TaskActor;
pub use crate::actor::{
    AskerGone, Backoff, Inbox, Part, PartRef, ProtocolMessage, Restart, Restartable,
};
pub use crate::call::{Asking, Queueing, Target, Telling};
pub use crate::error::HandlerError;
pub use crate::error::{
    AskError, Error, LookupError, MessageError, PublishError, SpawnError, StartError, TellError,
    TopicError,
};
pub use crate::mailbox::Overflow;
pub use crate::node::{
    Actor, Create, DEFAULT_MAILBOX, Declared, Handler, MessageOf, Messages, Travels,
};
pub use crate::node::{
    ActorRef, AnyRef, Attached, Context, Prioritised, Recipient, Scoped, Stopping, TickSpec, Turn,
    WeakRecipient, WeakRef,
};
pub use crate::pool::{CallTarget, PoolBuilder, Route, Routing};
pub use crate::pool::{OnThreads, Tasks};
pub use crate::reply::{Deferred, Items, Reply, ReplyGroup, ReplyTo, Request, SharedReply};
pub use crate::system::{
    Broadcast, DumpOnSignal, Held, OnThread, Shutdown, ShutdownReport, SpawnBuilder,
};
pub use crate::time::{Ticker, TickerHandle};
pub use crate::topic::{Lagged, Publishing, Subscription};
pub use actor_id::ActorId;
pub use call::Call;
pub use conclib_wire::CycleStep;
pub use conclib_wire::Delivery;
pub use conclib_wire::Fault;
pub use conclib_wire::Never;
pub use conclib_wire::Shape;
pub use conclib_wire::{Escalation, State, StopReason};
pub use conclib_wire::{ProcessExit, ProcessStatus};
pub use conclib_wire::{Urn, UrnError};
pub use events::{DeadLetter, DeadLetterCause, Event, Events, NotRestarted};
/// Return type of a handler with many replies: `impl Stream<Item = T>`.
pub use futures_core::Stream;
pub use message::{ByParts, Local, Message, Reach, Wire, WireMessage};
pub use named::Named;
pub use place::Place;
pub use pool::Pool;
pub use snapshot::{ActorSnapshot, LinkSnapshot, SystemSnapshot};
pub use supervision::Directive;
pub use supervision::{ChildExit, Gone, Strategy};
pub use system::System;
pub use topic::Topic;
