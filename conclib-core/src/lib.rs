//! Actors of conclib inside one process, and the wire formats to reach them from other processes.
//! Users depend on the crate `conclib`, which re-exports this one.
//!
//! Floors of this crate, lowest first: names, faults and errors; messages and replies; the wire;
//! the actor, with its mailbox and lifecycle; the topics; the system; the pools; the test kit.

mod actor;
mod actor_id;
mod call;
mod catch;
mod current;
mod deadline;
mod due;
mod error;
mod events;
mod hook;
mod message;
mod named;
mod observe;
mod pool;
mod relay;
mod reply;
mod snapshot;
mod sync;
mod system;
mod ticker;
mod timers;
mod topic;
mod waits;
pub mod wire;

#[doc(hidden)]
pub mod __private;

pub use crate::actor::{
    ActorRef, AnyRef, AskerGone, Attached, Backoff, ChildExit, Context, Gone, Inbox, Overflow,
    Part, PartRef, Prioritised, ProtocolMessage, Recipient, Renews, Restart, Scoped, Stopping,
    Strategy, TickSpec, Turn, WeakRecipient, WeakRef,
};
pub use crate::call::{Asking, Queueing, Target, Telling};
pub use crate::error::HandlerError;
pub use crate::error::{
    AskError, LookupError, PublishError, SpawnError, StartError, TellError, TopicError,
};
pub use crate::pool::{OnThreads, PoolBuilder, Route, Routing, Tasks};
pub use crate::reply::{Deferred, Items, Reply, ReplyGroup, ReplyTo, Request, SharedReply};
pub use crate::system::{
    Broadcast, DumpOnSignal, OnThread, Shutdown, ShutdownReport, SpawnBuilder,
};
pub use crate::topic::{Lagged, Publishing, Subscription};
pub use actor::{
    Actor, Create, DEFAULT_MAILBOX, Declared, Directive, Handler, Messages, Place, TaskActor,
    Travels,
};
pub use actor_id::ActorId;
pub use call::Call;
pub use conclib_wire::CycleStep;
pub use conclib_wire::Delivery;
pub use conclib_wire::Fault;
pub use conclib_wire::Never;
pub use conclib_wire::Shape;
pub use conclib_wire::{Escalation, State, StopReason};
pub use conclib_wire::{Urn, UrnError};
pub use events::{DeadLetter, DeadLetterCause, Event, Events, NotRestarted};
/// Return type of a handler with many replies: `impl Stream<Item = T>`.
pub use futures_core::Stream;
pub use message::{Local, Message, Road, Wire, WireMessage};
pub use named::Named;
pub use pool::Pool;
pub use snapshot::{ActorSnapshot, SystemSnapshot};
pub use system::System;
pub use ticker::{Ticker, TickerHandle};
pub use topic::Topic;
