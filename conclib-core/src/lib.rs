//! The actors of conclib inside one process, and the wire they are reached by
//! from outside. Users depend on the crate `conclib`, which re-exports this.
//!
//! The floors of this crate, lowest first: names, faults and errors; messages
//! and replies; the wire; the actor, with its mailbox and its life; the topics; the system;
//! the pools.

mod actor;
mod call;
mod current;
mod deadline;
mod due;
mod error;
mod events;
mod fault;
mod hook;
mod message;
mod named;
mod observe;
mod pool;
mod relay;
mod reply;
mod shape;
mod snapshot;
mod sync;
mod system;
mod ticker;
mod timers;
mod topic;
mod urn;
mod waits;
pub mod wire;

#[doc(hidden)]
pub mod __private;

pub use actor::{
    Actor, ActorRef, AnyRef, AskerGone, Attached, Backoff, ChildExit, Context, Create,
    DEFAULT_MAILBOX, Declared, Directive, Escalation, Gone, Handler, Inbox, Messages, Overflow,
    Part, PartRef, Place, Prioritised, ProtocolMessage, Recipient, Renews, Restart, Scoped, State,
    StopReason, Stopping, Strategy, TaskActor, TickSpec, Travels, Turn, WeakRecipient, WeakRef,
};
pub use call::{Asking, Call, Queueing, Target, Telling};
pub use current::ActorId;
pub use error::{
    AskError, Delivery, LookupError, PublishError, SpawnError, StartError, TellError, TopicError,
};
pub use events::{DeadLetter, DeadLetterCause, Event, Events, NotRestarted};
pub use fault::{Fault, HandlerError};
/// What a handler with many replies returns: `impl Stream<Item = T>`.
pub use futures_core::Stream;
pub use message::{Local, Message, Never, Road, Wire, WireMessage};
pub use named::Named;
pub use pool::{OnThreads, Pool, PoolBuilder, Route, Routing, Tasks};
pub use reply::{Deferred, Items, Reply, ReplyGroup, ReplyTo, Request, SharedReply};
pub use shape::Shape;
pub use snapshot::{ActorSnapshot, SystemSnapshot};
pub use system::{
    Broadcast, DumpOnSignal, OnThread, Shutdown, ShutdownReport, SpawnBuilder, System,
};
pub use ticker::{Ticker, TickerHandle};
pub use topic::{Lagged, Publishing, Subscription, Topic};
pub use urn::{Urn, UrnError};
pub use waits::CycleStep;
