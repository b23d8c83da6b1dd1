//! An actor as its references, its task and its system see it: cell, context,
//! relations, registry. The files of this folder need each other.

mod actor;
mod any_actor;
mod any_ref;
mod cell;
mod concurrent;
mod context;
mod extensions;
mod inputs;
mod lifecycle;
#[cfg(all(test, any(shuttle, conclib_loom)))]
mod modelled;
mod ordering;
mod outcome;
mod recipient;
mod recipient_lookup;
mod reference;
mod registry;
mod relations;
mod scoped;
mod send;
mod stopping;
mod table;
mod weak;
pub use actor::{
    Accepted, Actor, Create, DEFAULT_MAILBOX, Declared, Ferried, FerriedInbox, Ferry, Handler,
    Messages, Travels,
};
pub(crate) use any_actor::Resident;
pub use any_ref::AnyRef;
pub(crate) use any_ref::downcast;
pub(crate) use cell::{Cell, Seed};
pub(crate) use concurrent::Beside;
pub use context::{Context, Head};
pub use inputs::{Attached, TickSpec};
pub(crate) use inputs::{Items, Next};
#[cfg(all(test, any(shuttle, conclib_loom)))]
pub(crate) use modelled::{Fates, Soul, Word, system};
pub use ordering::{Prioritised, Ranks, Unranked};
pub use outcome::Turn;
pub use recipient::{Recipient, WeakRecipient};
pub use recipient_lookup::Seek;
pub use reference::ActorRef;
pub(crate) use registry::Shared;
pub(crate) use relations::{Child, Exit, Kin, Notice, Verdict};
pub use scoped::Scoped;
pub use stopping::Stopping;
pub(crate) use table::{Follower, Unpublished};
pub use weak::WeakRef;
