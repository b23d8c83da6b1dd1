//! What a supervisor says of its children, and what it is told of others.

use super::Directive;
use conclib_wire::StopReason;
use conclib_wire::Urn;

/// What became of a child: what `#[on(child)]` is given.
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
    /// Which child.
    pub urn: Urn,
    /// The path of its type.
    pub type_name: &'static str,
    /// Why it ended.
    pub reason: StopReason,
    /// How many times it had been started.
    pub generation: u32,
    /// What becomes of it if the hook says nothing else.
    pub default: Directive,
    /// Whether it has been restarted as often as its policy allows. Then it
    /// cannot be restarted any more, and its supervisor fails, whatever the
    /// hook answers.
    pub exhausted: bool,
}

/// An actor that was watched has ended: what `#[on(gone)]` is given. See
/// [`Context::watch`](super::context::Context::watch).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Gone {
    /// Which.
    pub urn: Urn,
    /// Why.
    pub reason: StopReason,
}

/// Which children are started again when one is.
///
/// They end newest first, each after its current turn, or are ended at their
/// next await when their time is over; and start oldest first, each once the
/// one before has started. What they have queued, their names and references
/// stay. One that there is no source of fresh state for is ended.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// The one that failed.
    #[default]
    OneForOne,
    /// All of them: they cannot work without each other.
    OneForAll,
    /// The one that failed and those that were spawned after it: later ones
    /// build on earlier ones.
    RestForOne,
}
