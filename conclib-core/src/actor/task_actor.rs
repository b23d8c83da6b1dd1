//! Actors that can run as a task.

use std::future::Future;

use super::factory::Factory;
use super::run::ActorTask;
use crate::node::{Actor, Declared};

/// An actor that can run as a tokio task: everything it holds across an await is
/// `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor that can run as a task",
    label = "not an actor",
    note = "write `#[actor]` above its definition, and above one `impl` block with its handlers"
)]
pub trait TaskActor: Actor + Declared + Send {
    /// Runs the actor from its creation to its end.
    #[doc(hidden)]
    fn live<B: Factory<Self> + Send>(life: ActorTask<Self, B>) -> impl Future<Output = ()> + Send;
}
