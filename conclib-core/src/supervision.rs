//! Types with which a supervisor deals with its children and with actors it
//! watches.

use conclib_wire::{StopReason, Urn};
use serde::{Deserialize, Serialize};

/// End of a child, as `#[on(child)]` receives it.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// #[derive(Default)]
/// struct Manager { lost: Vec<String> }
///
/// #[actor]
/// impl Manager {
///     #[message(local)]
///     fn hire(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
///         ctx.actor(Worker).urn("worker").spawn()?;
///         Ok(())
///     }
///
///     #[message]
///     fn lost(&mut self) -> Vec<String> { self.lost.clone() }
///
///     #[on(child)]
///     fn child(&mut self, exit: ChildExit) -> Directive {
///         self.lost.push(format!("{} {}", exit.urn, exit.reason));
///         // Without this hook, its failure would be the manager's.
///         Directive::Resume
///     }
/// }
///
/// #[actor]
/// struct Worker;
///
/// #[actor]
/// impl Worker {
///     #[message]
///     fn fail(&mut self) { panic!("no coffee") }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let manager = system.spawn(Manager::default())?;
///     manager.hire().await?;
///     let worker: ActorRef<Worker> = system.get("worker")?;
///     assert!(worker.fail().await.is_err());
///     worker.stopped().await;
///     assert_eq!(manager.lost().await?, ["worker panicked: no coffee"]);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ChildExit {
    /// Name of the child.
    pub urn: Urn,
    /// Path of the child's type.
    pub type_name: &'static str,
    /// Reason for the end.
    pub reason: StopReason,
    /// Number of times the child had been started.
    pub generation: u32,
    /// Directive that is followed where there is no hook.
    pub default: Directive,
    /// True if the child has been restarted as often as its policy allows. Then
    /// the child cannot be restarted any more, and its supervisor fails,
    /// whatever the hook answers.
    pub exhausted: bool,
}

/// End of a watched actor, as `#[on(gone)]` receives it. See
/// [`Context::watch`](crate::node::Context::watch).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Gone {
    /// Name of the actor.
    pub urn: Urn,
    /// Reason for the end.
    pub reason: StopReason,
}

/// Choice of the children that are restarted when one of them is.
///
/// The chosen children end newest first, each after its current turn, or at its
/// next await once its time is over. Then the children start oldest first, each
/// once the one before has started. Queued messages, names and references of
/// the children stay. A child without a source of fresh state is ended.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(strategy = OneForAll)]
/// struct Pipeline;
///
/// #[actor]
/// impl Pipeline {
///     #[on(start)]
///     fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
///         let restart = Restart::on_failure();
///         ctx.actor_with(Stage::default).urn("reader").restart(restart).spawn()?;
///         ctx.actor_with(Stage::default).urn("writer").restart(restart).spawn()?;
///         Ok(())
///     }
/// }
///
/// #[actor]
/// #[derive(Default)]
/// struct Stage;
///
/// #[actor]
/// impl Stage {
///     #[message]
///     fn fail(&mut self) { panic!("broken pipe") }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let pipeline = system.spawn(Pipeline)?;
///     pipeline.started().await?;
///     let mut events = system.events();
///     let reader: ActorRef<Stage> = system.get("reader")?;
///     assert!(reader.fail().await.is_err());
///     let mut restarted = Vec::new();
///     while let Some(event) = events.next().await {
///         if let Event::Restarted { urn, .. } = event {
///             restarted.push(urn.to_string());
///         }
///         if restarted.len() == 2 { break }
///     }
///     assert_eq!(restarted, ["reader", "writer"]);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Strategy {
    /// Only the child that failed.
    #[default]
    OneForOne,
    /// All children: they cannot work without each other.
    OneForAll,
    /// The child that failed and those that were spawned after it: later ones
    /// build on earlier ones.
    RestForOne,
}

/// Decision after a failure: of `#[on(error)]` about the actor itself, of
/// `#[on(child)]` about its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Directive {
    /// Goes on: with the next message after an error, and without the child after the
    /// end of a child.
    #[default]
    Resume,
    /// Starts the actor again, from a fresh state, as its [`Restart`](crate::actor::Restart) policy allows.
    /// Without a source of fresh state the actor is ended, and an event says so.
    Restart,
    /// Ends the actor, with [`StopReason::Failed`]. A child has ended already and stays
    /// so.
    Stop,
    /// Leaves the decision to the supervisor: an actor ends, and its restart policy is
    /// not applied; a child's failure becomes that of its parent.
    Escalate,
}
