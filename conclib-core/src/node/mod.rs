//! An actor as its references, its task and its system see it: cell, context,
//! relations, registry. The files of this folder need each other.

mod accepted;
mod actor;
mod any_actor;
mod any_ref;
mod carried;
mod cell;
mod concurrent;
mod context;
mod extensions;
mod foreign;
mod inputs;
mod life;
mod lifecycle;
mod message_of;
#[cfg(all(test, any(shuttle, conclib_loom)))]
mod modelled;
mod names;
mod ordering;
mod outcome;
mod recipient;
mod recipient_lookup;
mod reference;
mod registry;
mod relations;
mod scoped;
mod send;
mod share;
mod sources;
mod stopping;
mod streams;
mod strong_count;
mod table;
mod travel;
mod weak;
pub use accepted::Accepted;
pub use actor::{
    Actor, BatchLimits, Create, DEFAULT_MAILBOX, Declared, Filling, Handler, Messages, Travels,
};
pub(crate) use any_actor::AnyActor;
pub use any_ref::AnyRef;
pub(crate) use any_ref::downcast;
pub use carried::{CarriedBy, Carries};
pub(crate) use cell::{ActorCell, Settings};
pub(crate) use concurrent::ConcurrentHandler;
pub(crate) use context::TURNS_IN_A_ROW;
pub use context::{Context, Head};
pub(crate) use foreign::ForeignCell;
pub use inputs::{Attached, TickSpec};
pub(crate) use inputs::{MessageStream, Next};
pub(crate) use life::current_snapshot;
pub use message_of::{MessageOf, NoActor};
#[cfg(all(test, shuttle))]
pub(crate) use modelled::{Fates, Soul, Word, cell, system};
pub use names::{Found, Name, Names};
pub use ordering::{HasPriority, Prioritised, Unranked};
pub use outcome::Turn;
pub use recipient::{Recipient, WeakRecipient};
pub use recipient_lookup::RecipientLookup;
pub use reference::ActorRef;
pub(crate) use registry::SystemInner;
pub(crate) use relations::{Child, ExitNotice, Notice, Relations, RestartDecision};
pub use scoped::Scoped;
pub(crate) use share::Share;
pub use stopping::Stopping;
pub(crate) use table::{EndObserver, SharedName, Unpublished};
pub(crate) use travel::Pin;
pub use weak::WeakRef;
