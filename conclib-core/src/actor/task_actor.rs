//! Actors that can run as a task.

use std::future::Future;

use super::factory::Factory;
use super::run::ActorTask;
use crate::node::{Actor, ActorRef, Declared};

/// An actor that can run as a tokio task: everything it holds across an await is
/// `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor that can run as a task",
    label = "not an actor",
    note = "write `#[actor]` above its definition, and above one `impl` block with its handlers"
)]
pub trait TaskActor: Actor<Ref = ActorRef<Self>> + Declared + TaskState {
    /// Runs the actor from its creation to its end.
    #[doc(hidden)]
    fn live<B: Factory<Self> + Send>(life: ActorTask<Self, B>) -> impl Future<Output = ()> + Send;
}

/// State of an actor that can run as a task.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Send`, and a task may move from thread to thread",
    label = "this state stays on one thread",
    note = "give the actor a thread of its own: write `#[actor(thread)]` above this block, and spawn it with `system.actor_with(|| …).on_thread().spawn()`"
)]
pub trait TaskState: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> TaskState for T {}

/// Assertion for an actor that is expanded: compiles if it can run as a task.
#[doc(hidden)]
pub const fn is_task_state<T: TaskState>() -> bool {
    true
}
