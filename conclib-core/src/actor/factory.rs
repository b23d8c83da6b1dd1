//! Sources of an actor's state, at the first start and after a failure, and the
//! decision on a restart.

use std::collections::VecDeque;
use std::error::Error;
use std::future::{self, Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, ready};
use std::time::Duration;

use conclib_wire::{State, StopReason};

use super::group;
use super::restart::{History, Restart};
use super::supervise::kill_children;
use crate::actor_id::ActorId;
use crate::deadlock::Wait;
use crate::events::{Event, NotRestarted};
use crate::mailbox::{Alert, Signal};
use crate::named::Named;
use crate::node::{
    Actor, ActorCell, AnyActor, Context, Create, ExitNotice, Notice, Relations, RestartDecision,
};
use crate::observe::log;
use crate::supervision::{ChildExit, Directive, Strategy};
use crate::time::timers;

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
            ctx.cell().not_restarted(NotRestarted::NoSource);
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
        let cell = ctx.cell();
        let Some(relations) = cell.relations() else {
            return Again::No;
        };
        // An actor that was ended before its state was created has no history
        // yet.
        let history = self
            .history
            .get_or_insert_with(|| History::new(self.policy));
        // `Recycled` is the reason for which a supervisor ends an incarnation,
        // never the reason for which the actor ends.
        let is_recycled = *reason == StopReason::Recycled;
        let over = match is_recycled {
            true => Again::Called,
            false => Again::No,
        };
        // An end that was asked for is final, and so is an end without a
        // failure.
        let is_final = !reason.is_failure() && !is_recycled;
        if is_final || cell.mailbox.signal() != Signal::None {
            return over;
        }
        if relations.has_children() {
            // The incarnation was cut short before it could end its children.
            Box::pin(kill_children(relations, true)).await;
        }
        relations.mark_down();
        // The last reference may have been dropped before: then the actor is to
        // end, too.
        cell.settle(true);
        cell.lifecycle.tell_change();
        let parent = relations.parent();
        let mut decision = match &parent {
            None if relations.parent.is_some() => RestartDecision::End,
            _ if !relations.ask() => await_decision(cell, relations).await,
            Some(parent) if parent.hears_of_children() => {
                let exit = exit(cell, history, reason, said);
                parent.notify(Notice::Child(Box::new(exit)));
                await_decision(cell, relations).await
            }
            _ => {
                relations.asks_no_more();
                own_decision(&exit(cell, history, reason, said))
            }
        };
        loop {
            decision = match (decision, &parent) {
                // No restart: the actor ends, for the reason of this
                // incarnation or as it was told.
                (RestartDecision::End, _) => return over,
                (RestartDecision::Restart { delay }, Some(parent))
                    if parent.strategy() != Strategy::OneForOne =>
                {
                    Box::pin(group::restart(cell, relations, parent, delay)).await
                }
                (RestartDecision::Restart { delay }, _) => RestartDecision::Start {
                    delay,
                    behind: None,
                },
                (RestartDecision::Start { delay, behind }, _) => {
                    match wait(cell, relations, delay, behind).await {
                        // A later verdict, of the supervisor or of a group's leader,
                        // overrides this one.
                        Some(decision) => decision,
                        None => break,
                    }
                }
            };
            // A restart was decided on, so the actor now ends only because a
            // signal says so, and not for its failure.
            if cell.mailbox.signal() != Signal::None {
                return Again::Called;
            }
        }
        let restarts = relations.restarts.load(Ordering::Relaxed);
        let urn = cell.urn();
        log::restarting(&urn, restarts, &reason);
        cell.meter.restarted();
        cell.system.emit(|| Event::Restarted {
            urn,
            generation: restarts + 1,
            reason: reason.clone(),
        });
        Again::Yes
    }
}

/// Describes the end of an incarnation to the supervisor, and says if the
/// policy allows another.
fn exit<A: Actor>(
    cell: &ActorCell<A>,
    history: &mut History,
    reason: &StopReason,
    said: Option<Directive>,
) -> ExitNotice {
    let wanted = match said {
        Some(Directive::Escalate | Directive::Stop) => false,
        Some(Directive::Restart) => true,
        _ => history.policy.on_failure,
    };
    let delay = history.next();
    let exhausted = delay.is_none();
    if exhausted && wanted {
        cell.not_restarted(NotRestarted::TooOften);
    }
    let default = match wanted && !exhausted {
        true => Directive::Restart,
        false if said == Some(Directive::Stop) => Directive::Stop,
        false => Directive::Escalate,
    };
    let mut told = cell.child_exit(reason.clone(), default);
    told.exhausted = exhausted && wanted;
    ExitNotice {
        id: cell.id,
        told,
        waits: true,
        delay,
    }
}

/// Verdict of the actor's own policy, for a supervisor without `#[on(child)]`.
fn own_decision(exit: &ExitNotice) -> RestartDecision {
    match (exit.told.default, exit.delay) {
        (Directive::Restart, Some(delay)) => RestartDecision::Restart { delay },
        _ => RestartDecision::End,
    }
}

/// Waits for the verdict of the supervisor, or of the sibling that leads the
/// restart of the group. If a signal tells the actor to end meanwhile, the
/// verdict is `End`.
async fn await_decision<A: Actor>(cell: &ActorCell<A>, relations: &Relations) -> RestartDecision {
    let mut awaited = Awaited::default();
    poll_fn(|_| {
        if cell.mailbox.signal() != Signal::None {
            relations.asks_no_more();
            return Poll::Ready(RestartDecision::End);
        }
        if let Some(decision) = relations.take_decision() {
            return Poll::Ready(decision);
        }
        awaited.enter(cell.id, relations.awaited());
        Poll::Pending
    })
    .await
}

/// Entry in the wait graph for an actor between two incarnations, which waits
/// for the actor that decides on its start.
#[derive(Default)]
pub(crate) struct Awaited(Option<(ActorId, Wait)>);

impl Awaited {
    pub(crate) fn enter(&mut self, who: ActorId, whom: Option<ActorId>) {
        if whom != self.0.as_ref().map(|(whom, _)| *whom) {
            self.0 = whom.map(|whom| (whom, Wait::begin_anyway(who, whom)));
        }
    }
}

/// Waits until the next incarnation may start, begins it and returns `None`; or
/// returns the verdict that came meanwhile instead.
async fn wait<A: Actor>(
    cell: &ActorCell<A>,
    relations: &Relations,
    delay: Duration,
    behind: Option<Arc<dyn AnyActor>>,
) -> Option<RestartDecision> {
    let mut start = pin!(async {
        if let Some(other) = behind {
            // Entered in the wait graph, because the `#[on(start)]` of the
            // other actor may ask this one.
            let _wait = Wait::begin_anyway(cell.id, other.id());
            other.lifecycle().until(|| is_up(&*other)).await;
        }
        if !delay.is_zero() {
            timers::pause(delay).await;
        }
    });
    let mut is_due = false;
    let mut awaited = Awaited::default();
    poll_fn(|cx| {
        if cell.mailbox.signal() != Signal::None {
            return Poll::Ready(Some(RestartDecision::End));
        }
        if let Some(decision) = relations.take_decision() {
            return Poll::Ready(Some(decision));
        }
        // The leader of a group restart may begin to hold this actor during its
        // pause.
        awaited.enter(cell.id, relations.awaited());
        if !is_due {
            ready!(start.as_mut().poll(cx));
            is_due = true;
        }
        let clear_alert = || {
            relations.restarts.fetch_add(1, Ordering::Relaxed);
            cell.mailbox.clear_alert(Alert::Recycle);
            cell.mailbox.clear_alert(Alert::Abort);
        };
        match relations.begin_incarnation(clear_alert) {
            true => Poll::Ready(None),
            // A verdict is on its way, and wakes this task.
            false => Poll::Pending,
        }
    })
    .await
}

impl<A: Actor> ActorCell<A> {
    /// Describes the end of this actor for the `#[on(child)]` of its
    /// supervisor.
    pub(crate) fn child_exit(&self, reason: StopReason, default: Directive) -> ChildExit {
        ChildExit {
            urn: self.urn(),
            type_name: std::any::type_name::<A>(),
            reason,
            generation: self.generation(),
            default,
            exhausted: false,
        }
    }

    /// Logs that this actor should have been restarted and cannot be, and emits
    /// the event.
    pub(crate) fn not_restarted(&self, why: NotRestarted) {
        log::not_restarted(&self.urn(), &why);
        self.system.emit(|| Event::NotRestarted {
            urn: self.urn(),
            why,
        });
    }
}

/// Tells whether an actor has got through its start, or never will.
pub(crate) fn is_up(resident: &dyn AnyActor) -> bool {
    !matches!(resident.state(), State::Starting | State::Restarting)
}
