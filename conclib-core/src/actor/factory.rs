//! Sources of an actor's state, at the first start and after a failure, and the
//! decision on a restart.

use std::collections::VecDeque;
use std::error::Error;
use std::future::{self, Future};

use conclib_wire::StopReason;

use super::again::{again, not_restarted};
use super::restart::{History, Restart};
use crate::events::NotRestarted;
use crate::node::{Actor, Context, Create};
use crate::supervision::Directive;

/// Error for which the state of an actor was not created, or its start failed.
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Source of an actor's state: for the first start, and for restarts where they
/// are possible.
#[doc(hidden)]
pub trait Factory<A: Actor>: Send + 'static {
    /// Makes the state.
    fn create_actor(
        &mut self,
        ctx: &mut Context<A>,
    ) -> impl Future<Output = Result<A, Failed>> + Send;

    /// Decides, after the end of an incarnation, if the actor starts another
    /// one. `said` is the directive that its `#[on(error)]` returned.
    fn again(
        &mut self,
        ctx: &Context<A>,
        reason: &StopReason,
        said: Option<Directive>,
    ) -> impl Future<Output = Again> + Send {
        let _ = reason;
        if said == Some(Directive::Restart) {
            not_restarted(&**ctx.cell(), NotRestarted::NoSource);
        }
        future::ready(Again::No)
    }

    /// Tells whether the restart policy pauses before another incarnation.
    fn pauses(&self) -> bool {
        false
    }

    /// True if the actor can have another incarnation.
    const RESTARTS: bool = false;

    /// Takes over the messages that an ended actor has not handled, if the
    /// source wants them. Messages that stay in `queue` are refused.
    fn inherit(&mut self, ctx: &Context<A>, queue: &mut VecDeque<A::Inbox>) {
        let _ = (ctx, queue);
    }
}

/// Decision after the end of an incarnation.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Another incarnation starts.
    Yes,
    /// The actor ends, for the same reason as the last incarnation.
    No,
    /// The actor was to be restarted, but was told to end meanwhile, and ends
    /// for that reason.
    Called,
}

/// State given as a value by the spawner, good for one incarnation.
#[doc(hidden)]
#[derive(Debug)]
pub struct FromValue<A>(pub(crate) Option<A>);

impl<A: Actor + Send> Factory<A> for FromValue<A> {
    fn create_actor(
        &mut self,
        _: &mut Context<A>,
    ) -> impl Future<Output = Result<A, Failed>> + Send {
        future::ready(
            self.0.take().ok_or_else(|| {
                "an actor spawned from a value cannot be created a second time".into()
            }),
        )
    }
}

/// State that `#[on(create)]` makes from its arguments, once.
#[doc(hidden)]
#[derive(Debug)]
pub struct FromArgs<Args>(pub(crate) Option<Args>);

impl<A: Create> Factory<A> for FromArgs<A::Args> {
    async fn create_actor(&mut self, ctx: &mut Context<A>) -> Result<A, Failed> {
        match self.0.take() {
            Some(args) => A::create(args, ctx).await,
            None => {
                Err("arguments that are not `Clone` cannot create an actor a second time".into())
            }
        }
    }
}

/// State from a factory that can make it more than once, and the policy for
/// restarts.
#[doc(hidden)]
#[derive(Debug)]
pub struct Restarting<S> {
    source: S,
    history: Option<History>,
    policy: Restart,
}

impl<S> Restarting<S> {
    pub(crate) fn new(source: S, policy: Restart) -> Self {
        Self {
            source,
            history: None,
            policy,
        }
    }

    pub(super) fn into_parts(self) -> (S, Restart) {
        (self.source, self.policy)
    }
}

/// Factory of an actor's state, called for each incarnation.
#[doc(hidden)]
pub trait StateSource<A: Actor>: Send + 'static {
    fn make(&mut self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send;

    /// Same as [`Factory::inherit`].
    fn inherit(&mut self, ctx: &Context<A>, queue: &mut VecDeque<A::Inbox>) {
        let _ = (ctx, queue);
    }
}

/// Closure that makes the state.
#[doc(hidden)]
#[derive(Debug)]
pub struct Closure<F>(pub(crate) F);

impl<A: Actor, F: FnMut() -> A + Send + 'static> StateSource<A> for Closure<F> {
    // An `async fn`, not `future::ready`: a `Ready` would hold the state, which
    // then would have to be `Send`, and the state of an actor on a thread of
    // its own need not be.
    async fn make(&mut self, _: &mut Context<A>) -> Result<A, Failed> {
        Ok((self.0)())
    }
}

/// `#[on(create)]` with arguments that are kept, and cloned for each
/// incarnation.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Args<T>(pub(crate) T);

impl<A: Create> StateSource<A> for Args<A::Args>
where
    A::Args: Clone,
{
    fn make(&mut self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send {
        A::create(self.0.clone(), ctx)
    }
}

/// Source of state for an actor that can be restarted: a closure, or
/// `#[on(create)]` with arguments that are `Clone`.
#[diagnostic::on_unimplemented(
    message = "there is no fresh state for a restart of this actor",
    label = "nothing that this actor could be made from a second time",
    note = "spawn it with `actor_with(|| …)`, or with `create(args)` from arguments that are `Clone`: a value given to `actor(…)` is gone after a failure"
)]
pub trait Restartable<A: Actor>: Factory<A> {
    /// Source that makes the state again as the policy says.
    #[doc(hidden)]
    type Restarting: Factory<A>;
    #[doc(hidden)]
    fn restarting(self, policy: Restart) -> Self::Restarting;
}

impl<A: Actor, S: StateSource<A>> Restartable<A> for Restarting<S> {
    type Restarting = Self;
    fn restarting(self, policy: Restart) -> Self {
        Self { policy, ..self }
    }
}

impl<A: Create> Restartable<A> for FromArgs<A::Args>
where
    A::Args: Clone + Send + 'static,
{
    type Restarting = Restarting<Option<Args<A::Args>>>;
    fn restarting(self, policy: Restart) -> Self::Restarting {
        Restarting::new(self.0.map(Args), policy)
    }
}

impl<A: Actor, S: StateSource<A>> StateSource<A> for Option<S> {
    async fn make(&mut self, ctx: &mut Context<A>) -> Result<A, Failed> {
        match self {
            Some(source) => source.make(ctx).await,
            None => Err("there are no arguments to create the actor from".into()),
        }
    }
}

impl<A: Actor, S: StateSource<A>> Factory<A> for Restarting<S> {
    const RESTARTS: bool = true;

    fn pauses(&self) -> bool {
        self.policy.pauses()
    }

    fn create_actor(
        &mut self,
        ctx: &mut Context<A>,
    ) -> impl Future<Output = Result<A, Failed>> + Send {
        let policy = self.policy;
        self.history
            .get_or_insert_with(|| History::new(policy))
            .begin();
        self.source.make(ctx)
    }

    fn inherit(&mut self, ctx: &Context<A>, queue: &mut VecDeque<A::Inbox>) {
        self.source.inherit(ctx, queue);
    }

    async fn again(
        &mut self,
        ctx: &Context<A>,
        reason: &StopReason,
        said: Option<Directive>,
    ) -> Again {
        // An actor that was ended before its state was created has no history
        // yet.
        let history = self
            .history
            .get_or_insert_with(|| History::new(self.policy));
        again(&**ctx.cell(), history, reason, said).await
    }
}
