//! The life of an actor: it is made, starts, serves, stops and is dropped; and
//! after a failure perhaps again.

#![expect(
    clippy::manual_async_fn,
    reason = "a block keeps what it is given once; an `async fn` would keep it twice, in every idle actor"
)]

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::birth::{Again, Birth};
use super::cell::Cell;
use super::gate::{self, Gate};
use super::mortal::{Ended, Incarnation, Mortal, discard, unless_killed};
use super::next::next;
use super::supervise::{end_children, heed};
use super::turn::caught;
use super::{Actor, Alert, By, Context, Directive, Messages, Signal, State, StopReason, Turn};
use crate::current;
use crate::events::{DeadLetterCause, Event};
use crate::fault::Fault;
use crate::waits::Whom;

#[cfg(all(test, shuttle))]
mod model;

/// A life to be lived.
#[doc(hidden)]
pub struct Life<A: Actor, B> {
    cell: Arc<Cell<A>>,
    birth: B,
}

impl<A: Actor, B: Birth<A>> Life<A, B> {
    pub(crate) fn new(cell: Arc<Cell<A>>, birth: B) -> Self {
        Self { cell, birth }
    }

    /// Lives it.
    pub fn run(self) -> impl Future<Output = ()> {
        let Self { cell, birth } = self;
        let end = End {
            birth: Some(birth),
            ctx: Context::new(cell.clone()),
            batch: VecDeque::new(),
            is_over: false,
        };
        Mortal::new(cell, live(end))
    }
}

/// Runs at every end, also when the life is dropped in its middle or before it
/// was polled: it is there before the state, so it is dropped after it.
struct End<A: Actor, B: Birth<A>> {
    /// Dropped before the end is told.
    birth: Option<B>,
    ctx: Context<A>,
    /// What the loop took out of the mailbox and has not served.
    batch: VecDeque<A::Inbox>,
    is_over: bool,
}

impl<A: Actor, B: Birth<A>> End<A, B> {
    /// What is left of an incarnation goes, but for the messages it has not
    /// served.
    fn clear(&mut self) {
        self.cut_short();
        self.ctx.cell().watch.clear();
        if let Some(mut sources) = self.ctx.take_sources() {
            for (index, from) in sources.unfinished() {
                let cell = self.ctx.cell();
                cell.lost(A::Inbox::name(index), from, DeadLetterCause::Stopped);
            }
            self.ctx.cell().stats.beside.store(0, Ordering::Relaxed);
            let mut rest = sources.take_stash();
            self.ctx.cell().meter.queued(rest.len());
            rest.append(&mut self.batch);
            self.batch = rest;
            // A stream may panic as it is dropped: that is no reason any more.
            drop(catch_unwind(AssertUnwindSafe(|| drop(sources))));
        }
    }

    /// A turn that was cut short: nobody can say that it was handled.
    fn cut_short(&self) {
        let cell = self.ctx.cell();
        if let Some(index) = cell.stats.turn.swap(0, Ordering::Relaxed).checked_sub(1) {
            cell.lost(
                A::Inbox::name(index),
                self.ctx.from(),
                DeadLetterCause::Stopped,
            );
        }
    }

    /// Tells everybody of the end. `said` is what `#[on(error)]` wants for it.
    fn tell(&mut self, reason: StopReason, said: Option<Directive>) {
        self.refuse_rest();
        if reason.is_failure() {
            tracing::error!(target: "conclib", urn = %self.ctx.urn(), %reason, "actor failed");
        }
        self.ctx.cell().end(reason, said);
    }

    /// Nothing is served any more.
    fn refuse_rest(&mut self) {
        self.ctx.cell().mailbox.end(&mut self.batch);
        // A state that never came to life goes before the messages.
        let mut birth = self.birth.take();
        if let Some(birth) = &mut birth {
            birth.inherit(&self.ctx, &mut self.batch);
        }
        discard(self.ctx.cell(), || drop(birth));
        self.is_over = true;
        self.ctx.cell().refuse_rest(&mut self.batch);
    }
}

impl<A: Actor, B: Birth<A>> Drop for End<A, B> {
    fn drop(&mut self) {
        // The end itself is told by whoever lived this life.
        if !self.is_over {
            self.clear();
            self.refuse_rest();
        }
    }
}

fn live<A: Actor, B: Birth<A>>(mut end: End<A, B>) -> impl Future<Output = ()> {
    async move {
        let end = &mut end;
        let (reason, said) = loop {
            let Some(birth) = &mut end.birth else {
                return;
            };
            let cell = B::RENEWS.then(|| end.ctx.cell().clone());
            let life = incarnation(birth, &mut end.ctx, &mut end.batch);
            let (reason, said) = Incarnation::<A, B, _>::new(cell, life).await;
            end.clear();
            let Some(birth) = &mut end.birth else {
                return;
            };
            // A kill meanwhile is the reason, as it is of what comes after.
            match birth.again(&end.ctx, &reason, said).await {
                Again::Yes => {}
                Again::No => break (reason, said),
                Again::Called => {
                    let cell = end.ctx.cell();
                    break (end_reason(cell, cell.mailbox.signal()), None);
                }
            }
        };
        if B::RENEWS && end.ctx.cell().kin().is_some_and(|kin| kin.count() > 0) {
            // They came for an incarnation that there is not.
            Box::pin(end_children(end.ctx.cell(), false)).await;
        }
        end.tell(reason, said);
    }
}

fn incarnation<A: Actor, B: Birth<A>>(
    birth: &mut B,
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> impl Future<Output = Ended> {
    async move {
        let mut actor = match start(birth, ctx).await {
            Ok(actor) => actor,
            Err(fault) => return not_started::<A, B>(ctx.cell(), fault).await,
        };
        started(ctx);
        let ended = serve(&mut actor, ctx, batch).await;
        stop::<A, B>(actor, ctx, ended).await
    }
}

/// Ends the children that an actor has made before its start failed.
async fn not_started<A: Actor, B: Birth<A>>(cell: &Cell<A>, fault: Box<Fault>) -> Ended {
    unless_killed(cell).await;
    if cell.kin().is_some() {
        Box::pin(end_children(cell, B::RENEWS)).await;
    }
    (StopReason::StartFailed(fault), None)
}

/// Ends the children, runs `#[on(stop)]` and drops the state.
async fn stop<A: Actor, B: Birth<A>>(mut actor: A, ctx: &mut Context<A>, ended: Ended) -> Ended {
    let cell = ctx.cell();
    unless_killed(cell).await;
    cell.settle(true);
    let is_next = B::RENEWS && cell.mailbox.signal() == Signal::None;
    if !is_next {
        cell.ending.advance(State::Stopping);
    }
    if cell.kin().is_some() {
        Box::pin(end_children(cell, is_next)).await;
        unless_killed(ctx.cell()).await;
    }
    match caught(actor.on_stop(&ended.0, ctx)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!(target: "conclib", urn = %ctx.urn(), %error, "`#[on(stop)]` failed");
        }
        Err(fault) => {
            tracing::error!(target: "conclib", urn = %ctx.urn(), %fault, "`#[on(stop)]` panicked");
        }
    }
    match discard(ctx.cell(), || drop(actor)) {
        // The first failure is the cause of the end.
        Some(fault) if !ended.0.is_failure() => (StopReason::Panicked(fault), None),
        _ => ended,
    }
}

async fn start<A: Actor, B: Birth<A>>(
    birth: &mut B,
    ctx: &mut Context<A>,
) -> Result<A, Box<Fault>> {
    let made = caught(birth.bear(ctx)).await?;
    let mut actor = made.map_err(|error| Box::new(Fault::of(&*error)))?;
    for tick in A::Inbox::TICKS {
        ctx.sources().tick(tick.every, Duration::ZERO, tick.make);
    }
    if let Some(after) = A::IDLE {
        ctx.sources().watch_idle(after);
    }
    unless_killed(ctx.cell()).await;
    if ctx.has_sources()
        && let Some(StopReason::Failed(fault)) = ctx.sources().take_fault()
    {
        discard(ctx.cell(), || drop(actor));
        return Err(fault);
    }
    let fault = match caught(actor.on_start(ctx)).await {
        Ok(Ok(())) => return Ok(actor),
        Ok(Err(error)) => Box::new(Fault::of(&*error)),
        Err(fault) => fault,
    };
    discard(ctx.cell(), || drop(actor));
    Err(fault)
}

/// It is through its start: whoever waits for that is told.
fn started<A: Actor>(ctx: &Context<A>) {
    let cell = ctx.cell();
    if cell.ending.advance(State::Running) {
        cell.system.emit(|| Event::Started { urn: ctx.urn() });
    }
    if let Some(kin) = cell.kin().filter(|kin| kin.is_down()) {
        kin.set_up();
        cell.ending.tell_change();
    }
}

/// Serves message after message until the actor is to end, and says why.
fn serve<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> impl Future<Output = Ended> {
    async move {
        let mut message = None;
        loop {
            if !next(ctx, batch, &mut message).await {
                if ctx.cell().mailbox.is_alerted(Alert::Gate) {
                    match Box::pin(gate::pass(ctx, batch, &mut message)).await {
                        Gate::Passed => {}
                        Gate::Over(Some(ended)) => return ended,
                        Gate::Over(None) => continue,
                    }
                }
                if message.is_none() {
                    if ctx.cell().settle(false) {
                        continue;
                    }
                    if let Some(reason) = plain_end(ctx) {
                        return (reason, None);
                    }
                    match Box::pin(other(actor, ctx)).await {
                        Some(ended) => return ended,
                        None => continue,
                    }
                }
            }
            let Some(message) = message.take() else {
                continue;
            };
            let turn = actor.turn(message, ctx).await;
            let cell = &**ctx.cell();
            let index = cell.stats.ended();
            if current::take_waited() {
                cell.system.waits.clear(cell.id);
            }
            if matches!(turn, Turn::Done) {
                cell.watch.end();
                continue;
            }
            let ended = match turn {
                Turn::Later(_) | Turn::Refused => {
                    answered(ctx, index, &turn);
                    None
                }
                // Apart, so that the loop is small.
                turn => Box::pin(failed(actor, ctx, index, turn)).await,
            };
            ctx.cell().watch.end();
            if let Some(ended) = ended {
                return ended;
            }
        }
    }
}

/// A turn whose answer comes later, or is an error.
#[inline(never)]
fn answered<A: Actor>(ctx: &Context<A>, index: usize, turn: &Turn) {
    let cell = ctx.cell();
    if let Turn::Refused = turn {
        cell.failed(None);
        let request = A::Inbox::name(index);
        tracing::info!(target: "conclib", urn = %ctx.urn(), request, "a handler answered with an error");
    } else if let (Some(from), Turn::Later(Some(wait))) = (ctx.from(), turn) {
        // The asker waits for an answer, and for this actor no more.
        let here = Whom::Actor(cell.id);
        cell.system.waits.leave_one(from, *wait, here);
    }
}

/// A turn that ended in an error or a panic; how the actor ends, if it does.
async fn failed<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    index: usize,
    turn: Turn,
) -> Option<Ended> {
    match turn {
        Turn::Done => None,
        Turn::Later(_) | Turn::Refused => {
            answered(ctx, index, &turn);
            None
        }
        Turn::Failed(error) => {
            tracing::error!(target: "conclib", urn = %ctx.urn(), %error, "nobody was asking");
            let fault = Box::new(Fault::of(&*error));
            ctx.cell().failed(Some(error.to_string()));
            unless_killed(ctx.cell()).await;
            match caught(actor.on_error(*error, ctx)).await {
                Ok(Directive::Resume) => None,
                Ok(said) => Some((StopReason::Failed(fault), Some(said))),
                Err(fault) => Some((StopReason::Panicked(fault), None)),
            }
        }
        Turn::Panicked(fault) => Some(panicked(ctx, index, fault)),
    }
}

/// End of an actor by a turn that panicked.
pub(super) fn panicked<A: Actor>(ctx: &Context<A>, index: usize, fault: Box<Fault>) -> Ended {
    let cell = ctx.cell();
    cell.failed(Some(fault.to_string()));
    cell.lost(A::Inbox::name(index), ctx.from(), DeadLetterCause::Panicked);
    (StopReason::Panicked(fault), None)
}

/// Why the actor is to end, if that is all there is to look at.
fn plain_end<A: Actor>(ctx: &Context<A>) -> Option<StopReason> {
    let mailbox = &ctx.cell().mailbox;
    let signal = mailbox.signal();
    let ends = match signal {
        Signal::None => false,
        Signal::Drain => !mailbox.is_urgent() && !ctx.has_sources(),
        Signal::Now | Signal::Kill => true,
    };
    ends.then(|| end_reason(ctx.cell(), signal))
}

/// What there is besides messages: how the actor ends, if it does, or else one
/// turn of something else, or nothing at all.
async fn other<A: Actor>(actor: &mut A, ctx: &mut Context<A>) -> Option<Ended> {
    let mailbox = &ctx.cell().mailbox;
    let signal = mailbox.signal();
    if signal >= Signal::Now {
        return Some((end_reason(ctx.cell(), signal), None));
    }
    if mailbox.is_alerted(Alert::Recycle) {
        if signal == Signal::None {
            return Some((StopReason::Recycled, None));
        }
        // It ends anyway, and once it has served what is queued.
        mailbox.calm(Alert::Recycle);
        return None;
    }
    if mailbox.is_alerted(Alert::Notice) {
        return heed(actor, ctx).await.map(|reason| (reason, None));
    }
    if ctx.has_sources() {
        let sources = ctx.sources();
        if let Some(reason) = sources.take_fault() {
            ctx.cell().failed(Some(reason.to_string()));
            return Some((reason, None));
        }
        if let Some((index, turn)) = sources.take_done() {
            ctx.count_beside();
            return failed(actor, ctx, index, turn).await;
        }
        if sources.take_idle() {
            ctx.begin_other();
            let idle = caught(actor.on_idle(ctx)).await;
            return idle.err().map(|fault| (StopReason::Panicked(fault), None));
        }
    }
    (signal == Signal::Drain).then(|| (end_reason(ctx.cell(), signal), None))
}

fn end_reason<A: Actor>(cell: &Cell<A>, signal: Signal) -> StopReason {
    match (signal, cell.ending.by()) {
        (Signal::Kill, _) => StopReason::Killed,
        (_, Some(By::Parent)) => StopReason::Parent,
        (_, Some(By::System)) => StopReason::Shutdown,
        (Signal::Now, _) => StopReason::StoppedNow,
        (_, Some(By::Anyone)) => StopReason::Stopped,
        (_, None) => StopReason::Unreferenced,
    }
}
