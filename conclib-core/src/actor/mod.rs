//! Task of an actor: its creation, its turns, its inputs, its supervision and its end.

mod again;
mod asker_gone;
mod attach;
mod batched;
mod call_priority;
mod dispatch;
mod factory;
mod gate;
mod group;
mod inbox;
mod killable;
mod next;
mod nothing;
mod part;
mod portable;
mod protocol;
mod restart;
mod run;
mod stream_reply;
mod supervise;
mod task_actor;
mod turn;

pub(crate) use again::again;
pub use asker_gone::AskerGone;
#[doc(hidden)]
pub use batched::{Batch, BatchAnswer, answer_batch, fill};
#[doc(hidden)]
pub use dispatch::Dispatch;
pub(crate) use factory::Again;
pub(crate) use factory::{Args, Closure, Failed, FromArgs, FromValue, Restarting, StateSource};
pub use factory::{Factory, Restartable};
pub use inbox::Inbox;
#[doc(hidden)]
pub use nothing::Nothing;
pub use part::{Part, PartRef};
pub(crate) use portable::PortableData;
pub use portable::{Portable, PortableSource};
pub use protocol::ProtocolMessage;
#[doc(hidden)]
pub use protocol::{
    HasFields, HasProtocol, HasProtocols, ProtocolInbox, Serves, SharedWith, serve,
};
pub use restart::{Backoff, History, Restart};
pub use run::ActorTask;
#[doc(hidden)]
pub use stream_reply::{Many, stream};
pub(crate) use supervise::STOP_WITHIN;
#[doc(hidden)]
pub use turn::{
    answer, answer_deferred, answer_fallback, answer_result, attempt, beside, may_pass_on,
};

pub use task_actor::TaskActor;
#[doc(hidden)]
pub use task_actor::is_task_state;
