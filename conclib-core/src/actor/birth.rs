//! Where the state of an actor comes from, the first time and after a failure.

use std::collections::VecDeque;
use std::error::Error;
use std::future::{self, Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, ready};
use std::time::Duration;

use super::cell::Cell;
use super::context::Context;
use super::family::{ChildExit, Strategy};
use super::group;
use super::kin::{Exit, Kin, Notice, Verdict};
use super::resident::Resident;
use super::restart::{History, Restart};
use super::signal::{Alert, Signal};
use super::supervise::kill_children;
use super::{Actor, Create, Directive};
use crate::current::ActorId;
use crate::events::{Event, NotRestarted};
use crate::named::Named;
use crate::timers;
use crate::waits::Wait;
use conclib_wire::{State, StopReason};

/// Why an actor was not made or did not start.
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Where the state of an actor comes from.
#[doc(hidden)]
pub trait Birth<A: Actor>: Send + 'static {
    /// Makes the state.
    fn bear(&mut self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send;

    /// An incarnation has ended: whether there is another. `said` is what its
    /// `#[on(error)]` wants.
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

    /// Tells whether the actor pauses by itself before another incarnation.
    fn pauses(&self) -> bool {
        false
    }

    /// Whether there can be another incarnation.
    const RENEWS: bool = false;

    /// May take over the messages that an ended actor has not served. The rest
    /// is refused.
    fn inherit(&mut self, ctx: &Context<A>, queue: &mut VecDeque<A::Inbox>) {
        let _ = (ctx, queue);
    }
}

/// Whether there is another incarnation.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// There is.
    Yes,
    /// The actor ends, as the last one did.
    No,
    /// There would have been one, but the actor was told to end meanwhile.
    Called,
}

/// A value that the spawner gave.
#[doc(hidden)]
#[derive(Debug)]
pub struct Given<A>(pub(crate) Option<A>);

impl<A: Actor + Send> Birth<A> for Given<A> {
    fn bear(&mut self, _: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send {
        future::ready(
            self.0
                .take()
                .ok_or_else(|| "a value makes an actor once".into()),
        )
    }
}

/// What `#[on(create)]` makes from its arguments, once.
#[doc(hidden)]
#[derive(Debug)]
pub struct Created<Args>(pub(crate) Option<Args>);

impl<A: Create> Birth<A> for Created<A::Args> {
    async fn bear(&mut self, ctx: &mut Context<A>) -> Result<A, Failed> {
        match self.0.take() {
            Some(args) => A::create(args, ctx).await,
            None => Err("arguments that are no `Clone` make an actor once".into()),
        }
    }
}

/// A source of fresh state: it can make an actor more than once.
#[doc(hidden)]
#[derive(Debug)]
pub struct Renewed<S> {
    source: S,
    history: Option<History>,
    policy: Restart,
}

impl<S> Renewed<S> {
    pub(crate) fn new(source: S, policy: Restart) -> Self {
        Self {
            source,
            history: None,
            policy,
        }
    }
}

/// What makes the state anew.
#[doc(hidden)]
pub trait Source<A: Actor>: Send + 'static {
    fn make(&mut self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send;

    /// As [`Birth::inherit`].
    fn inherit(&mut self, ctx: &Context<A>, queue: &mut VecDeque<A::Inbox>) {
        let _ = (ctx, queue);
    }
}

/// A closure.
#[doc(hidden)]
#[derive(Debug)]
pub struct Closure<F>(pub(crate) F);

impl<A: Actor, F: FnMut() -> A + Send + 'static> Source<A> for Closure<F> {
    // Not `ready`: what it holds would have to be `Send`, and the state of an
    // actor on a thread of its own need not be.
    async fn make(&mut self, _: &mut Context<A>) -> Result<A, Failed> {
        Ok((self.0)())
    }
}

/// `#[on(create)]`, with arguments to keep.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Args<T>(pub(crate) T);

impl<A: Create> Source<A> for Args<A::Args>
where
    A::Args: Clone,
{
    fn make(&mut self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send {
        A::create(self.0.clone(), ctx)
    }
}

/// An actor that can be made anew: from a closure, or by its `#[on(create)]`
/// from arguments that are `Clone`.
#[diagnostic::on_unimplemented(
    message = "there is no fresh state for a restart of this actor",
    label = "nothing that this actor could be made from a second time",
    note = "spawn it with `actor_with(|| …)`, or with `create(args)` from arguments that are `Clone`: a value given to `actor(…)` is gone after a failure"
)]
pub trait Renews<A: Actor>: Birth<A> {
    /// The same, made anew as the policy says.
    #[doc(hidden)]
    type Renewed: Birth<A>;
    #[doc(hidden)]
    fn renewed(self, policy: Restart) -> Self::Renewed;
}

impl<A: Actor, S: Source<A>> Renews<A> for Renewed<S> {
    type Renewed = Self;
    fn renewed(self, policy: Restart) -> Self {
        Self { policy, ..self }
    }
}

impl<A: Create> Renews<A> for Created<A::Args>
where
    A::Args: Clone + Send + 'static,
{
    type Renewed = Renewed<Option<Args<A::Args>>>;
    fn renewed(self, policy: Restart) -> Self::Renewed {
        Renewed::new(self.0.map(Args), policy)
    }
}

impl<A: Actor, S: Source<A>> Source<A> for Option<S> {
    async fn make(&mut self, ctx: &mut Context<A>) -> Result<A, Failed> {
        match self {
            Some(source) => source.make(ctx).await,
            None => Err("there is nothing to make it from".into()),
        }
    }
}

impl<A: Actor, S: Source<A>> Birth<A> for Renewed<S> {
    const RENEWS: bool = true;

    fn pauses(&self) -> bool {
        self.policy.pauses()
    }

    fn bear(&mut self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send {
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
        let Some(kin) = cell.kin() else {
            return Again::No;
        };
        // One that was ended before it was made has none yet.
        let history = self
            .history
            .get_or_insert_with(|| History::new(self.policy));
        // An end that its supervisor wanted is none of an actor's own.
        let is_recycled = *reason == StopReason::Recycled;
        let over = match is_recycled {
            true => Again::Called,
            false => Again::No,
        };
        // What somebody asked for is final, and so is an end that is no failure.
        let is_final = !reason.is_failure() && !is_recycled;
        if is_final || cell.mailbox.signal() != Signal::None {
            return over;
        }
        if kin.has_children() {
            // It was cut short before it could end them.
            Box::pin(kill_children(kin, true)).await;
        }
        kin.lie_down();
        // The last reference may have gone before: that is an end, too.
        cell.settle(true);
        cell.ending.tell_change();
        let parent = kin.parent();
        let mut verdict = match &parent {
            None if kin.parent.is_some() => Verdict::End,
            _ if !kin.ask() => await_verdict(cell, kin).await,
            Some(parent) if parent.hears_of_children() => {
                let exit = exit(cell, history, reason, said);
                parent.notify(Notice::Child(Box::new(exit)));
                await_verdict(cell, kin).await
            }
            _ => {
                kin.asks_no_more();
                own_verdict(&exit(cell, history, reason, said))
            }
        };
        loop {
            verdict = match (verdict, &parent) {
                // The end of one that is not to start again is its own.
                (Verdict::End, _) => return over,
                (Verdict::Restart { delay }, Some(parent))
                    if parent.strategy() != Strategy::OneForOne =>
                {
                    Box::pin(group::restart(cell, kin, parent, delay)).await
                }
                (Verdict::Restart { delay }, _) => Verdict::Start {
                    delay,
                    behind: None,
                },
                (Verdict::Start { delay, behind }, _) => {
                    match wait(cell, kin, delay, behind).await {
                        // The supervisor has decided otherwise meanwhile.
                        Some(verdict) => verdict,
                        None => break,
                    }
                }
            };
            // Once it is to start again, an end is what it was told.
            if cell.mailbox.signal() != Signal::None {
                return Again::Called;
            }
        }
        let restarts = kin.restarts.load(Ordering::Relaxed);
        let urn = cell.urn();
        tracing::warn!(target: "conclib", %urn, restarts, %reason, "restarting");
        cell.meter.restarted();
        cell.system.emit(|| Event::Restarted {
            urn,
            generation: restarts + 1,
            reason: reason.clone(),
        });
        Again::Yes
    }
}

/// How an incarnation ended, and whether there may be another.
fn exit<A: Actor>(
    cell: &Cell<A>,
    history: &mut History,
    reason: &StopReason,
    said: Option<Directive>,
) -> Exit {
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
    Exit {
        id: cell.id,
        told,
        waits: true,
        delay,
    }
}

/// The verdict of the policy alone: no hook of a supervisor says otherwise.
fn own_verdict(exit: &Exit) -> Verdict {
    match (exit.told.default, exit.delay) {
        (Directive::Restart, Some(delay)) => Verdict::Restart { delay },
        _ => Verdict::End,
    }
}

/// Waits for the verdict of the supervisor, or of the sibling that leads the
/// restart of the group; told to end meanwhile, it ends.
async fn await_verdict<A: Actor>(cell: &Cell<A>, kin: &Kin) -> Verdict {
    let mut awaited = Awaited::default();
    poll_fn(|_| {
        if cell.mailbox.signal() != Signal::None {
            kin.asks_no_more();
            return Poll::Ready(Verdict::End);
        }
        if let Some(verdict) = kin.take_verdict() {
            return Poll::Ready(verdict);
        }
        awaited.enter(cell.id, kin.awaited());
        Poll::Pending
    })
    .await
}

/// The wait of an actor between two incarnations, for the one that decides.
#[derive(Default)]
pub(super) struct Awaited(Option<(ActorId, Wait)>);

impl Awaited {
    pub(super) fn enter(&mut self, who: ActorId, whom: Option<ActorId>) {
        if whom != self.0.as_ref().map(|(whom, _)| *whom) {
            self.0 = whom.map(|whom| (whom, Wait::begin_anyway(who, whom)));
        }
    }
}

/// Waits until it may start. `None` then; else what it is told meanwhile.
async fn wait<A: Actor>(
    cell: &Cell<A>,
    kin: &Kin,
    delay: Duration,
    behind: Option<Arc<dyn Resident>>,
) -> Option<Verdict> {
    let mut start = pin!(async {
        if let Some(other) = behind {
            // The `#[on(start)]` of the other may ask this actor.
            let _wait = Wait::begin_anyway(cell.id, other.id());
            other.ending().until(|| is_up(&*other)).await;
        }
        if !delay.is_zero() {
            timers::pause(delay).await;
        }
    });
    let mut is_due = false;
    let mut awaited = Awaited::default();
    poll_fn(|cx| {
        if cell.mailbox.signal() != Signal::None {
            return Poll::Ready(Some(Verdict::End));
        }
        if let Some(verdict) = kin.take_verdict() {
            return Poll::Ready(Some(verdict));
        }
        // A group that goes down may hold this actor in its pause.
        awaited.enter(cell.id, kin.awaited());
        if !is_due {
            ready!(start.as_mut().poll(cx));
            is_due = true;
        }
        let calm = || {
            kin.restarts.fetch_add(1, Ordering::Relaxed);
            cell.mailbox.calm(Alert::Recycle);
            cell.mailbox.calm(Alert::Abort);
        };
        match kin.rise(calm) {
            true => Poll::Ready(None),
            // A verdict comes, and wakes this.
            false => Poll::Pending,
        }
    })
    .await
}

impl<A: Actor> Cell<A> {
    /// What its supervisor is told of an end.
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

    /// It should have been started again, and cannot be.
    pub(crate) fn not_restarted(&self, why: NotRestarted) {
        tracing::error!(target: "conclib", urn = %self.urn(), %why, "not restarted");
        self.system.emit(|| Event::NotRestarted {
            urn: self.urn(),
            why,
        });
    }
}

/// Whether an actor has been through its start, or never will.
pub(crate) fn is_up(resident: &dyn Resident) -> bool {
    !matches!(resident.state(), State::Starting | State::Restarting)
}
