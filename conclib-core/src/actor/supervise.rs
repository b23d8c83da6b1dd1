//! A supervisor and its children: what it does when one ends, and how they end
//! with it.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::kin::{Child, Exit, Kin, Notice, Verdict};
use super::stop::Escalation;
use super::turn::caught;
use super::{
    Actor, Alert, By, Cell, Context, Directive, Resident, Signal, State, StopReason, Strategy,
};
use crate::current::ActorId;
use crate::events::{Event, NotRestarted};

/// How long a child has to end by itself, if its spawner says nothing.
pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How long it has when it is killed. What takes longer never gives way.
const LAST_CALL: Duration = Duration::from_millis(100);

/// Heeds what is told in the lane of signals, one thing at a time, each as a
/// turn. Why the actor is to end for it, if it is.
pub(super) async fn heed<A: Actor>(actor: &mut A, ctx: &mut Context<A>) -> Option<StopReason> {
    let cell = ctx.cell().clone();
    let kin = cell.kin()?;
    let notice = cell.heed();
    ctx.begin_other();
    match notice? {
        Notice::Gone(_, gone) => {
            let told = caught(actor.on_gone(*gone, ctx)).await;
            told.err().map(StopReason::Panicked)
        }
        Notice::Child(exit) => child_ended(actor, ctx, kin, *exit).await,
    }
}

async fn child_ended<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    kin: &Kin,
    exit: Exit,
) -> Option<StopReason> {
    // Not any more, or it has been dealt with: told to end, or started again
    // with its siblings.
    let child = kin.child(exit.id)?;
    if exit.waits && !waits(&child, &exit) {
        return None;
    }
    let told = exit.told.clone();
    let said = match caught(actor.on_child(exit.told, ctx)).await {
        // It has been started too often: no hook can hide that.
        Ok(_) if told.exhausted => Directive::Escalate,
        Ok(said) => said,
        Err(fault) => return Some(StopReason::Panicked(fault)),
    };
    let cell = ctx.cell();
    let said = match (said, exit.delay) {
        (Directive::Restart, Some(delay)) => {
            restart(cell, kin, exit.id, delay).await;
            return None;
        }
        (Directive::Restart, None) => {
            let why = match exit.waits {
                true => NotRestarted::TooOften,
                false => NotRestarted::NoSource,
            };
            let urn = told.urn.clone();
            tracing::error!(target: "conclib", %urn, %why, "not restarted");
            cell.system.emit(|| Event::NotRestarted { urn, why });
            match exit.waits {
                true => Directive::Escalate,
                false => Directive::Stop,
            }
        }
        (said, _) => said,
    };
    child.resident.judge(Verdict::End);
    kin.forget(exit.id);
    if said == Directive::Escalate {
        return Some(StopReason::Escalated(Box::new(Escalation {
            child: told.urn,
            reason: told.reason,
        })));
    }
    // A system that shuts down ends each by itself.
    (child.significant && told.reason != StopReason::Shutdown)
        .then_some(StopReason::ChildEnded(told.urn))
}

/// Whether a child still waits for the verdict on this end of it.
fn waits(child: &Child, exit: &Exit) -> bool {
    let kin = child.resident.kin();
    child.resident.ending().state() != State::Stopped
        && kin.is_some_and(|kin| kin.asks() && kin.generation() == exit.told.generation)
}

/// Starts a child again, and those that the strategy says, in the order in
/// which they were spawned.
async fn restart<A: Actor>(cell: &Cell<A>, kin: &Kin, failed: ActorId, delay: Duration) {
    let is_concerned = |id: ActorId| match cell.strategy {
        Strategy::OneForOne => id == failed,
        Strategy::OneForAll => true,
        Strategy::RestForOne => id >= failed,
    };
    let mut concerned = kin.children();
    concerned.retain(|(id, _)| is_concerned(*id));
    for (id, child) in concerned.iter().rev().filter(|(id, _)| *id != failed) {
        if !bring_down(cell, child).await {
            kin.forget(*id);
        }
    }
    let mut delay = Some(delay);
    let mut behind = None;
    for (_, child) in concerned {
        let kin = child.resident.kin();
        // One whose turn never awaits has its verdict when it gives way.
        if kin.is_some_and(|kin| kin.renews) && child.resident.state() != State::Stopped {
            child.resident.judge(Verdict::Start {
                delay: delay.take().unwrap_or_default(),
                behind: behind.replace(child.resident.clone()),
            });
        }
    }
}

/// Ends the incarnation of a child, so that it can be started again. False if
/// it has ended for good.
async fn bring_down<A: Actor>(cell: &Cell<A>, child: &Child) -> bool {
    let resident = &*child.resident;
    if resident.state() >= State::Stopping {
        // It ends by itself, and serves what is queued before.
        end(child, Signal::Drain).await;
        return false;
    }
    let Some(kin) = resident.kin().filter(|kin| kin.renews) else {
        let (urn, why) = (resident.urn(), NotRestarted::NoSource);
        tracing::error!(target: "conclib", %urn, %why, "not restarted with its siblings");
        cell.system.emit(|| Event::NotRestarted { urn, why });
        end(child, Signal::Now).await;
        return false;
    };
    let is_down = || kin.rests() || resident.ending().state() == State::Stopped;
    kin.hold();
    resident.alert(Alert::Recycle);
    if timeout(child.stop_within, resident.ending().until(is_down))
        .await
        .is_err()
    {
        resident.alert(Alert::Abort);
        if timeout(LAST_CALL, resident.ending().until(is_down))
            .await
            .is_err()
        {
            tracing::error!(
                target: "conclib",
                urn = %resident.urn(),
                "a turn never awaits: it is not restarted with its siblings"
            );
        }
    }
    resident.ending().state() != State::Stopped
}

/// Ends the children of an incarnation that was cut short, all at once, and
/// waits for those that give way. `is_next` is whether there may be another.
pub(super) async fn kill_children(kin: &Kin, is_next: bool) {
    let children = kin.leave(is_next);
    for (_, child) in &children {
        child.resident.tell_to_end(Signal::Kill, By::Parent);
    }
    let until = Instant::now() + LAST_CALL;
    for (id, child) in &children {
        last_call(&*child.resident, until).await;
        kin.forget(*id);
    }
}

/// Ends the children, the newest first: each has its time, then it is killed.
/// `is_next` is whether there may be another incarnation.
pub(super) async fn end_children<A: Actor>(ctx: &Context<A>, is_next: bool) {
    let Some(kin) = ctx.cell().kin() else {
        return;
    };
    // What was queued is served where the parent serves what is queued.
    let signal = match ctx.cell().mailbox.signal() {
        Signal::Drain => Signal::Drain,
        _ => Signal::Now,
    };
    for (id, child) in kin.leave(is_next).iter().rev() {
        end(child, signal).await;
        kin.forget(*id);
    }
}

async fn end(child: &Child, signal: Signal) {
    let resident = &*child.resident;
    resident.tell_to_end(signal, By::Parent);
    if timeout(child.stop_within, resident.ending().wait())
        .await
        .is_err()
    {
        resident.tell_to_end(Signal::Kill, By::Parent);
        last_call(resident, Instant::now() + LAST_CALL).await;
    }
}

/// Waits for the end of a child that was killed.
async fn last_call(resident: &dyn Resident, until: Instant) {
    let ended = timeout_at(until, resident.ending().wait()).await.is_ok();
    // One that waits for its own children tells of them itself.
    if !ended && !resident.kin().is_some_and(Kin::has_children) {
        let urn = resident.urn();
        tracing::error!(target: "conclib", %urn, "a turn never awaits: a child outlives its parent");
    }
}
