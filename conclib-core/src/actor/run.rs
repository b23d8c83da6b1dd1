//! Task of an actor: creates its state, runs the start hook, handles messages,
//! runs the stop hook and drops the state. A restart repeats all of these.
//!
//! Each pass from creating the state to dropping it is an incarnation of the
//! actor; handling one message is a turn.

#![expect(
    clippy::manual_async_fn,
    reason = "an `async move` block stores its captures once; an `async fn` would store its arguments twice, in every idle actor"
)]

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use conclib_wire::{Fault, State, StopReason};

use super::factory::{Again, Factory};
use super::gate::{self, Gate};
use super::killable::{ActorEnd, Incarnation, Killable, discard, unless_killed};
use super::next::next;
use super::supervise::{end_children, next_notice};
use crate::catch::{catch, caught};
use crate::deadlock::Whom;
use crate::events::{DeadLetterCause, Event};
use crate::mailbox::{Alert, By, Signal};
use crate::node::{Actor, ActorCell, Context, Messages, Turn};
use crate::observe::log;
use crate::supervision::Directive;
use crate::turn_scope;

#[cfg(all(test, shuttle))]
mod model;

/// Task of an actor, before it is spawned.
#[doc(hidden)]
pub struct ActorTask<A: Actor, B> {
    cell: Arc<ActorCell<A>>,
    factory: B,
}

impl<A: Actor, B: Factory<A>> ActorTask<A, B> {
    pub(crate) fn new(cell: Arc<ActorCell<A>>, factory: B) -> Self {
        Self { cell, factory }
    }

    /// Runs the actor, with all its restarts, until its end.
    pub fn run(self) -> impl Future<Output = ()> {
        let Self { cell, factory } = self;
        let end = LifecycleGuard {
            factory: Some(factory),
            ctx: Context::new(cell.clone()),
            batch: VecDeque::new(),
            is_over: false,
        };
        Killable::new(cell, live(end))
    }
}

/// Guard of the actor's end. Its drop refuses the messages that are left, also
/// if the task is dropped half-way or before its first poll. The guard exists
/// before the actor's state, so it is dropped after it.
struct LifecycleGuard<A: Actor, B: Factory<A>> {
    /// Source of the state, dropped before the parent and the watchers are told
    /// of the end.
    factory: Option<B>,
    ctx: Context<A>,
    /// Messages that the task took out of the mailbox and has not handled.
    batch: VecDeque<A::Inbox>,
    is_over: bool,
}

impl<A: Actor, B: Factory<A>> LifecycleGuard<A, B> {
    /// Drops the inputs of an incarnation that has ended, and keeps the
    /// messages it has not handled.
    fn clear(&mut self) {
        self.cut_short();
        self.ctx.cell().watch.clear();
        if let Some(mut inputs) = self.ctx.take_inputs() {
            for (index, from) in inputs.sources.unfinished() {
                let cell = self.ctx.cell();
                cell.lost(A::Inbox::name(index), from, DeadLetterCause::Stopped);
            }
            self.ctx.cell().stats.beside.store(0, Ordering::Relaxed);
            let mut rest = inputs.take_stash();
            self.ctx.cell().meter.queued(rest.len());
            rest.append(&mut self.batch);
            self.batch = rest;
            // A stream may panic as it is dropped. The reason for the end is
            // known by now, so that panic is ignored.
            let mut inputs = Some(inputs);
            drop(catch(&mut || drop(inputs.take())));
        }
    }

    /// Reports the message of a turn that was cut short as a dead letter: it
    /// may not have been handled.
    fn cut_short(&self) {
        let cell = self.ctx.cell();
        if let Some(index) = cell.stats.turn.swap(0, Ordering::Relaxed).checked_sub(1) {
            lost(&self.ctx, index, DeadLetterCause::Stopped);
        }
    }

    /// Tells the system, the parent and the watchers of the end. `said` is the
    /// directive that `#[on(error)]` returned.
    fn tell(&mut self, reason: StopReason, said: Option<Directive>) {
        self.refuse_rest();
        if reason.is_failure() {
            log::failed(&**self.ctx.cell(), &reason);
        }
        self.ctx.cell().end(reason, said);
    }

    /// Closes the mailbox, drops the source of the state, and refuses the
    /// messages that are left.
    fn refuse_rest(&mut self) {
        self.ctx.cell().mailbox.end(&mut self.batch);
        // A state that was given and never started is dropped before the
        // messages.
        let mut factory = self.factory.take();
        if let Some(factory) = &mut factory {
            factory.inherit(&self.ctx, &mut self.batch);
        }
        discard(&**self.ctx.cell(), factory);
        self.is_over = true;
        self.ctx.cell().refuse_rest(&mut self.batch);
    }
}

impl<A: Actor, B: Factory<A>> Drop for LifecycleGuard<A, B> {
    fn drop(&mut self) {
        // `Killable` reports the end of a task that was cut short, after this drop.
        if !self.is_over {
            self.clear();
            self.refuse_rest();
        }
    }
}

fn live<A: Actor, B: Factory<A>>(mut end: LifecycleGuard<A, B>) -> impl Future<Output = ()> {
    async move {
        let end = &mut end;
        let (reason, said) = loop {
            let Some(factory) = &mut end.factory else {
                return;
            };
            let cell = B::RESTARTS.then(|| end.ctx.cell().clone());
            let life = incarnation(factory, &mut end.ctx, &mut end.batch);
            let (reason, said) = Incarnation::<A, B, _>::new(cell, life).await;
            end.clear();
            let Some(factory) = &mut end.factory else {
                return;
            };
            // A kill during this await, or later, drops the task, and is then
            // the reason for the end.
            match factory.again(&end.ctx, &reason, said).await {
                Again::Yes => {}
                Again::No => break (reason, said),
                Again::Called => {
                    let cell = end.ctx.cell();
                    break (end_reason(cell, cell.mailbox.signal()), None);
                }
            }
        };
        let cell = end.ctx.cell();
        if B::RESTARTS
            && let Some(relations) = cell.relations()
            && relations.count() > 0
        {
            // Children may have been made for the next incarnation, which does
            // not come.
            let signal = cell.mailbox.signal();
            Box::pin(end_children(cell.id, relations, signal, false)).await;
        }
        end.tell(reason, said);
    }
}

/// Starts the actor, handles message after message until it is to end, and stops it: one
/// future, since each level of futures is a cost of every message.
fn incarnation<A: Actor, B: Factory<A>>(
    factory: &mut B,
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> impl Future<Output = ActorEnd> {
    async move {
        let mut actor = match start(factory, ctx).await {
            Ok(actor) => actor,
            Err(fault) => return not_started::<A, B>(ctx.cell(), fault).await,
        };
        started(ctx);
        let ended = loop {
            if const { A::Inbox::BATCHES } {
                ctx.joined = 0;
            }
            if !next(ctx, batch).await {
                let mut is_open = false;
                if ctx.cell().mailbox.is_alerted(Alert::Gate) {
                    match gate::pass(ctx, batch).await {
                        Gate::Turn => is_open = true,
                        Gate::Over(Some(ended)) => break ended,
                        Gate::Over(None) => continue,
                        Gate::Other => {}
                    }
                }
                if !is_open {
                    if ctx.cell().settle(false) {
                        continue;
                    }
                    if let Some(reason) = plain_end(ctx) {
                        break (reason, None);
                    }
                    match Box::pin(other(&mut actor, ctx)).await {
                        Some(ended) => break ended,
                        None => continue,
                    }
                }
            }
            if const { A::Inbox::BATCHES }
                && let Some(filling) = A::Inbox::fill(ctx, batch)
            {
                filling.await;
            }
            let Some(message) = batch.pop_front() else {
                continue;
            };
            let turn = actor.turn(message, ctx).await;
            let cell = &**ctx.cell();
            let last = cell.stats.ended();
            if turn_scope::take_waited() {
                cell.system.waits.clear(cell.id);
            }
            if matches!(turn, Turn::Done) {
                cell.watch.end();
                continue;
            }
            let index = last.unwrap_or_default();
            let ended = match turn {
                Turn::Later(_) | Turn::Refused => {
                    answered(ctx, index, &turn);
                    None
                }
                // Boxed, in a future of its own, so that the future of the loop
                // stays small.
                turn => Box::pin(failed(&mut actor, ctx, index, turn)).await,
            };
            ctx.cell().watch.end();
            if let Some(ended) = ended {
                break ended;
            }
        };
        stop::<A, B>(&mut actor, ctx, &ended.0).await;
        match discard(&**ctx.cell(), actor) {
            // The first failure is the reason for the end.
            Some(fault) if !ended.0.is_failure() => (StopReason::Panicked(fault), None),
            _ => ended,
        }
    }
}

/// Ends the children that an actor has made before its start failed.
async fn not_started<A: Actor, B: Factory<A>>(cell: &ActorCell<A>, fault: Box<Fault>) -> ActorEnd {
    unless_killed(cell.mailbox.signal()).await;
    if let Some(relations) = cell.relations() {
        let signal = cell.mailbox.signal();
        Box::pin(end_children(cell.id, relations, signal, B::RESTARTS)).await;
    }
    (StopReason::StartFailed(fault), None)
}

/// Ends the children and runs `#[on(stop)]`.
async fn stop<A: Actor, B: Factory<A>>(actor: &mut A, ctx: &mut Context<A>, reason: &StopReason) {
    let cell = ctx.cell();
    unless_killed(cell.mailbox.signal()).await;
    cell.settle(true);
    let is_next = B::RESTARTS && cell.mailbox.signal() == Signal::None;
    if !is_next {
        cell.lifecycle.advance(State::Stopping);
    }
    if let Some(relations) = cell.relations() {
        let signal = cell.mailbox.signal();
        Box::pin(end_children(cell.id, relations, signal, is_next)).await;
        unless_killed(ctx.cell().mailbox.signal()).await;
    }
    match caught(actor.on_stop(reason, ctx)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            log::stop_failed(&**ctx.cell(), &error);
        }
        Err(fault) => {
            log::stop_panicked(&**ctx.cell(), &fault);
        }
    }
}

async fn start<A: Actor, B: Factory<A>>(
    factory: &mut B,
    ctx: &mut Context<A>,
) -> Result<A, Box<Fault>> {
    let made = caught(factory.create_actor(ctx)).await?;
    let mut actor = made.map_err(|error| Box::new(Fault::of(&*error)))?;
    if const { !A::Inbox::TICKS.is_empty() } {
        for tick in A::Inbox::TICKS {
            ctx.inputs().tick(tick.every, Duration::ZERO, tick.make);
        }
    }
    if let Some(after) = A::IDLE {
        ctx.inputs().sources.watch_idle(after);
    }
    unless_killed(ctx.cell().mailbox.signal()).await;
    if ctx.has_inputs()
        && let Some(StopReason::Failed(fault)) = ctx.inputs().sources.take_fault()
    {
        discard(&**ctx.cell(), actor);
        return Err(fault);
    }
    let fault = match caught(actor.on_start(ctx)).await {
        Ok(Ok(())) => return Ok(actor),
        Ok(Err(error)) => Box::new(Fault::of(&*error)),
        Err(fault) => fault,
    };
    discard(&**ctx.cell(), actor);
    Err(fault)
}

/// Marks the start as done, and wakes the tasks that wait for it.
fn started<A: Actor>(ctx: &Context<A>) {
    let cell = ctx.cell();
    if cell.lifecycle.advance(State::Running) {
        cell.system.emit(|| Event::Started { urn: ctx.urn() });
    }
    if let Some(relations) = cell.relations().filter(|relations| relations.is_down()) {
        relations.set_up();
        cell.lifecycle.tell_change();
    }
}

/// Bookkeeping after a turn whose answer comes later, or whose handler answered
/// with an error.
#[inline(never)]
fn answered<A: Actor>(ctx: &Context<A>, index: usize, turn: &Turn) {
    let cell = ctx.cell();
    if let Turn::Refused = turn {
        cell.failed(None);
        let request = A::Inbox::name(index);
        log::answered_with_an_error(&**cell, request);
    } else if let (Some(from), Turn::Later(Some(wait))) = (ctx.from(), turn) {
        // The asker still waits for the answer, but no longer for a turn of
        // this actor.
        let here = Whom::Actor(cell.id);
        cell.system.waits.leave_one(from, *wait, here);
    }
}

/// Deals with a turn that ended in an error or a panic. Returns how the actor
/// ends, if it does.
async fn failed<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    index: usize,
    turn: Turn,
) -> Option<ActorEnd> {
    match turn {
        Turn::Done => None,
        Turn::Later(_) | Turn::Refused => {
            answered(ctx, index, &turn);
            None
        }
        Turn::Failed(error) => {
            log::nobody_was_asking(&**ctx.cell(), &error);
            let fault = Box::new(Fault::of(&*error));
            ctx.cell().failed(Some(error.to_string()));
            unless_killed(ctx.cell().mailbox.signal()).await;
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
pub(crate) fn panicked<A: Actor>(ctx: &Context<A>, index: usize, fault: Box<Fault>) -> ActorEnd {
    let cell = ctx.cell();
    cell.failed(Some(fault.to_string()));
    lost(ctx, index, DeadLetterCause::Panicked);
    (StopReason::Panicked(fault), None)
}

/// Reports the messages of a turn that was cut short as dead letters.
fn lost<A: Actor>(ctx: &Context<A>, index: usize, cause: DeadLetterCause) {
    for _ in 0..=ctx.joined {
        ctx.cell().lost(A::Inbox::name(index), ctx.from(), cause);
    }
}

/// Returns the reason for which the actor is to end, if there is nothing to
/// look at besides the signal.
fn plain_end<A: Actor>(ctx: &Context<A>) -> Option<StopReason> {
    let mailbox = &ctx.cell().mailbox;
    let signal = mailbox.signal();
    let ends = match signal {
        Signal::None => false,
        Signal::Drain => !mailbox.is_urgent() && !ctx.has_inputs(),
        Signal::Now | Signal::Kill => true,
    };
    ends.then(|| end_reason(ctx.cell(), signal))
}

/// Looks at everything besides the mailbox: signals, alerts, inputs. Runs one
/// turn at most, and returns how the actor ends, if it does.
async fn other<A: Actor>(actor: &mut A, ctx: &mut Context<A>) -> Option<ActorEnd> {
    let mailbox = &ctx.cell().mailbox;
    let signal = mailbox.signal();
    if signal >= Signal::Now {
        return Some((end_reason(ctx.cell(), signal), None));
    }
    if mailbox.is_alerted(Alert::Recycle) {
        if signal == Signal::None {
            return Some((StopReason::Recycled, None));
        }
        // The actor ends anyway, once it has handled the queued messages.
        mailbox.clear_alert(Alert::Recycle);
        return None;
    }
    if mailbox.is_alerted(Alert::Notice) {
        return next_notice(actor, ctx).await.map(|reason| (reason, None));
    }
    if ctx.has_inputs() {
        let inputs = &mut ctx.inputs().sources;
        if let Some(reason) = inputs.take_fault() {
            ctx.cell().failed(Some(reason.to_string()));
            return Some((reason, None));
        }
        if let Some((index, turn)) = inputs.take_done() {
            ctx.count_beside();
            return failed(actor, ctx, index, turn).await;
        }
        if inputs.take_idle() {
            ctx.begin_other();
            let idle = caught(actor.on_idle(ctx)).await;
            return idle.err().map(|fault| (StopReason::Panicked(fault), None));
        }
    }
    (signal == Signal::Drain).then(|| (end_reason(ctx.cell(), signal), None))
}

fn end_reason<A: Actor>(cell: &ActorCell<A>, signal: Signal) -> StopReason {
    match (signal, cell.lifecycle.by()) {
        (Signal::Kill, _) => StopReason::Killed,
        (_, Some(By::Parent)) => StopReason::Parent,
        (_, Some(By::System | By::DroppedSystem)) => StopReason::Shutdown,
        (Signal::Now, _) => StopReason::StoppedNow,
        (_, Some(By::Anyone)) => StopReason::Stopped,
        (_, None) => StopReason::Unreferenced,
    }
}
