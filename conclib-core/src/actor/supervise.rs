//! A supervisor and its children: what it does when one ends, and how they end
//! with it.

use std::time::Duration;

use tokio::time::Instant;

use super::cell::Cell;
use super::context::Context;
use super::kin::{Child, Exit, Kin, Notice, Verdict};
use super::resident::Resident;
use super::signal::{By, Signal};
use super::{Actor, Directive};
use crate::catch::caught;
use crate::events::{Event, NotRestarted};
use crate::timers;
use crate::waits::Wait;
use conclib_wire::Escalation;
use conclib_wire::{State, StopReason};

/// How long a child has to end by itself, if its spawner says nothing.
pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How long it has when it is killed. What takes longer never gives way.
pub(super) const LAST_CALL: Duration = Duration::from_millis(100);

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
            child.resident.judge(Verdict::Restart { delay });
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
        return Some(StopReason::Escalated(Box::new(Escalation::new(
            told.urn,
            told.reason,
        ))));
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
pub(super) async fn end_children<A: Actor>(cell: &Cell<A>, is_next: bool) {
    let Some(kin) = cell.kin() else {
        return;
    };
    // What was queued is served where the parent serves what is queued.
    let signal = match cell.mailbox.signal() {
        Signal::Drain => Signal::Drain,
        _ => Signal::Now,
    };
    for (id, child) in kin.leave(is_next).iter().rev() {
        // A turn of it may wait for this actor, which serves nothing any more.
        let _wait = Wait::begin_anyway(cell.id, *id);
        end(child, signal).await;
        kin.forget(*id);
    }
}

pub(super) async fn end(child: &Child, signal: Signal) {
    let resident = &*child.resident;
    resident.tell_to_end(signal, By::Parent);
    if timers::within(child.stop_within, resident.ending().wait())
        .await
        .is_none()
    {
        resident.tell_to_end(Signal::Kill, By::Parent);
        last_call(resident, Instant::now() + LAST_CALL).await;
    }
}

/// Waits for the end of a child that was killed.
async fn last_call(resident: &dyn Resident, until: Instant) {
    let ended = timers::before(until, resident.ending().wait())
        .await
        .is_some();
    // One that waits for its own children tells of them itself.
    if !ended && !resident.kin().is_some_and(Kin::has_children) {
        let urn = resident.urn();
        tracing::error!(target: "conclib", %urn, "a turn never awaits: a child outlives its parent");
    }
}
