//! Actors: their traits, mailbox, task and references.

mod any_ref;
mod asker_gone;
mod beside;
mod birth;
mod cell;
mod context;
mod ending;
mod family;
mod gate;
mod group;
mod inbox;
mod items;
mod kin;
mod lanes;
mod life;
mod line;
mod mailbox;
#[cfg(all(test, any(shuttle, conclib_loom)))]
mod modelled;
mod mortal;
mod next;
mod order;
mod outcome;
mod part;
mod protocol;
mod pump;
mod ranked_call;
mod recipient;
mod reference;
mod resident;
mod restart;
mod scoped;
mod seek;
mod send;
mod signal;
mod sources;
mod stop;
mod supervise;
mod task_actor;
mod traits;
mod turn;
mod weak;

pub use any_ref::AnyRef;
pub(crate) use any_ref::downcast;
pub use asker_gone::AskerGone;
pub(crate) use birth::{Args, Closure, Created, Failed, Given, Renewed, Source};
pub use birth::{Birth, Renews};
pub(crate) use cell::{Cell, Seed};
pub use context::{Context, Head};
pub use family::{ChildExit, Directive, Gone, Strategy};
pub use inbox::Inbox;
pub(crate) use kin::{Child, Kin};
pub use life::Life;
pub(crate) use line::Ticket;
pub use mailbox::Overflow;
pub(crate) use mailbox::Refused;
pub use order::Prioritised;
#[doc(hidden)]
pub use order::{Ranks, Unranked};
pub use outcome::Turn;
pub use part::{Part, PartRef};
pub use protocol::ProtocolMessage;
#[doc(hidden)]
pub use protocol::{
    HasFields, HasProtocol, HasProtocols, ProtocolInbox, Serves, SharedWith, serve,
};
#[doc(hidden)]
pub use pump::{Many, stream};
pub use recipient::{Recipient, WeakRecipient};
pub use reference::ActorRef;
pub(crate) use resident::Resident;
pub use restart::{Backoff, History, Restart};
pub use scoped::Scoped;
#[doc(hidden)]
pub use seek::Seek;
pub(crate) use signal::Alert;
pub(crate) use signal::{By, Signal};
pub use sources::{Attached, TickSpec};
pub use stop::Stopping;
pub(crate) use supervise::STOP_WITHIN;
#[doc(hidden)]
pub use turn::{
    answer, answer_deferred, answer_fallback, answer_result, attempt, beside, may_pass_on,
};
pub use weak::WeakRef;

#[cfg(all(test, any(shuttle, conclib_loom)))]
pub(crate) use modelled::{Fates, Soul, Word, system};
pub use task_actor::TaskActor;
pub use traits::{
    Accepted, Actor, Create, DEFAULT_MAILBOX, Declared, Ferried, FerriedInbox, Ferry, Handler,
    Messages, Travels,
};
