//! Injection of faults into an actor under test.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use conclib_core::__private::ActorUnderTest;
use conclib_core::{Actor, ActorRef, Messages, Stopping};

use super::kit::Plan;
use super::quiet::watched;
use super::{Kit, Planned};

/// Fault injector for one actor: made by [`faults`].
///
/// Each call injects a fault into the next message, or into as many as [`times`](Self::times) sets;
/// [`of`](Self::of) restricts them to one message name. Of several faults that match a message the
/// one that was injected first applies. Faults outlive a restart of the actor.
#[derive(Clone)]
#[must_use = "it does nothing by itself"]
pub struct Faults {
    actor: ActorUnderTest,
    kit: Arc<Kit>,
    names: Arc<[&'static str]>,
    message: Option<String>,
    times: usize,
}

/// Returns the fault injector of an actor, whose code needs no change.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[actor]
/// #[derive(Default)]
/// struct Counter { n: u64 }
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.n += by; self.n }
///     #[message]
///     fn clear(&mut self) { self.n = 0; }
/// }
///
/// # fn main() -> conclib::Result {
/// testing::run(async {
///     let system = testing::system();
///     let counter = system
///         .actor_with(Counter::default)
///         .restart(Restart::on_failure())
///         .spawn()?;
///     let faults = testing::faults(&counter);
///
///     faults.delay_next(Duration::from_secs(60));
///     let late = counter.add(1).timeout(Duration::from_secs(1)).await;
///     assert!(matches!(late, Err(AskError::Deadline { .. })));
///
///     faults.of("add").times(2).drop_next();
///     assert_eq!(counter.clear().await, Ok(()));
///     for _ in 0..2 {
///         assert!(matches!(counter.add(1).await, Err(AskError::NoReply { .. })));
///     }
///
///     faults.fail_next("disk on fire");
///     assert!(matches!(counter.add(1).await, Err(AskError::Panicked { .. })));
///     assert_eq!(counter.add(1).await?, 1);
///     assert_eq!(counter.generation(), Some(2));
///     Ok(())
/// })
/// # }
/// ```
///
/// # Panics
/// Panics if the actor is in another process.
#[track_caller]
pub fn faults<A: Actor>(actor: &ActorRef<A>) -> Faults {
    let names = std::iter::once(&A::Inbox::NAMES).chain(A::Inbox::PROTOCOLS);
    let actor = here(actor);
    Faults {
        kit: watched(&actor.system()),
        actor,
        names: names.copied().flatten().copied().collect(),
        message: None,
        times: 1,
    }
}

/// Kills the `n`th child of an actor, the oldest being number 0, to test the reaction of its
/// supervisor. A kill is final: use [`Faults::fail_next`] for a child that is to be restarted.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[actor]
/// #[derive(Default)]
/// struct Manager { ends: Vec<String> }
///
/// #[actor]
/// impl Manager {
///     #[on(start)]
///     fn hire(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
///         ctx.actor(Worker).urn("first").spawn()?;
///         ctx.actor(Worker).urn("second").spawn()?;
///         Ok(())
///     }
///
///     #[on(child)]
///     fn left(&mut self, exit: ChildExit) -> Directive {
///         self.ends.push(format!("{}: {}", exit.urn, exit.reason));
///         Directive::Resume
///     }
///
///     #[message]
///     fn ends(&self) -> Vec<String> { self.ends.clone() }
/// }
///
/// #[actor]
/// struct Worker;
/// #[actor]
/// impl Worker {}
///
/// # fn main() -> conclib::Result {
/// testing::run(async {
///     let system = testing::system();
///     let manager = system.spawn(Manager::default())?;
///     manager.started().await?;
///     testing::kill_child(&manager, 1).await;
///     testing::quiet(&system).await;
///     assert_eq!(manager.ends().await?, ["second: killed"]);
///     Ok(())
/// })
/// # }
/// ```
///
/// # Panics
/// Panics if the actor has no such child, or is in another process.
#[track_caller]
pub fn kill_child<A: Actor>(parent: &ActorRef<A>, n: usize) -> Stopping {
    let parent = here(parent);
    let children = parent.children();
    let Some(child) = children.get(n) else {
        let count = children.len();
        panic!(
            "`{}` has {count} children, so none is number {n}",
            parent.urn()
        );
    };
    child.kill()
}

#[track_caller]
fn here<A: Actor>(actor: &ActorRef<A>) -> ActorUnderTest {
    match ActorUnderTest::of(actor) {
        Some(actor) => actor,
        None => panic!("{actor} is in another process, where no fault reaches it"),
    }
}

impl Faults {
    /// Restricts the faults to messages of that wire name.
    ///
    /// # Panics
    /// Panics if the actor handles no message of that name.
    #[track_caller]
    pub fn of(&self, message: impl Into<String>) -> Self {
        let message = message.into();
        if !self.names.contains(&&*message) {
            let (urn, names) = (self.actor.urn(), self.names.join("`, `"));
            panic!("`{urn}` has no message `{message}`: it has `{names}`");
        }
        Self {
            message: Some(message),
            ..self.clone()
        }
    }

    /// Sets the number of messages that get the fault.
    pub fn times(&self, times: usize) -> Self {
        Self {
            times,
            ..self.clone()
        }
    }

    /// Makes the turn panic with this text, before its handler runs: the asker gets `Panicked`, and
    /// the actor ends or is restarted as after any panic.
    pub fn fail_next(&self, text: impl Into<String>) {
        self.plan(Planned::Fail(text.into()));
    }

    /// Delays the handler of the message by that time, within its turn.
    pub fn delay_next(&self, by: Duration) {
        self.plan(Planned::Delay(by));
    }

    /// Loses the message: it gets no turn, its asker gets `NoReply`, and it becomes a dead letter
    /// of the cause [`Lost`](conclib_core::DeadLetterCause::Lost).
    pub fn drop_next(&self) {
        self.plan(Planned::Lose);
    }

    fn plan(&self, what: Planned) {
        if self.times == 0 {
            return;
        }
        let plan = Plan {
            message: self.message.clone(),
            times: self.times,
            what,
        };
        self.kit.plan(self.actor.id(), plan);
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("actor", &self.actor.urn())
            .field("message", &self.message)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
