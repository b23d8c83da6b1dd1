//! Supervision: reaction of a supervisor to the end of a child, and the end of the
//! children with their supervisor.

use std::time::Duration;

use conclib_wire::{Escalation, State, StopReason};
use tokio::time::Instant;

use super::again::not_restarted;
use crate::actor_id::ActorId;
use crate::catch::caught;
use crate::deadlock::Wait;
use crate::events::NotRestarted;
use crate::mailbox::{By, Signal};
use crate::node::{
    Actor, AnyActor, Child, Context, ExitNotice, Notice, Relations, RestartDecision,
};
use crate::place::Place;
use crate::supervision::Directive;
use crate::time::{resume_paused_clock, timers};

/// Time that a child has to end by itself, if its spawner sets none.
pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Time that a killed child has to end. A child that takes longer is in a turn that
/// never awaits.
pub(super) const LAST_CALL: Duration = Duration::from_millis(100);

/// Handles the next notice from the lane for signals, as a turn. Returns the reason for
/// the actor to end, if the notice is one.
pub(super) async fn next_notice<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
) -> Option<StopReason> {
    let cell = ctx.cell().clone();
    let relations = cell.relations()?;
    let notice = cell.next_notice();
    ctx.begin_other();
    match notice? {
        Notice::Gone(_, gone) => {
            let told = caught(actor.on_gone(*gone, ctx)).await;
            told.err().map(StopReason::Panicked)
        }
        Notice::Child(exit) => child_ended(actor, ctx, relations, *exit).await,
    }
}

async fn child_ended<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    relations: &Relations,
    exit: ExitNotice,
) -> Option<StopReason> {
    // The actor is no child any more, or its end has been dealt with: it was told to
    // end, or was restarted with its siblings.
    let child = relations.child(exit.id)?;
    if exit.waits && !waits(&child, &exit) {
        return None;
    }
    match caught(actor.on_child(exit.told.clone(), ctx)).await {
        Ok(said) => obey(said, relations, &child, exit),
        Err(fault) => Some(StopReason::Panicked(fault)),
    }
}

/// Does with a child as the hook of its parent has said. Returns the reason for the parent to end, if
/// there is one.
fn obey(
    said: Directive,
    relations: &Relations,
    child: &Child,
    exit: ExitNotice,
) -> Option<StopReason> {
    let told = exit.told;
    let said = match told.exhausted {
        // The child has been restarted too often: no hook can hide that.
        true => Directive::Escalate,
        false => said,
    };
    let said = match (said, exit.delay) {
        (Directive::Restart, Some(delay)) => {
            child.resident.decide(RestartDecision::Restart { delay });
            return None;
        }
        (Directive::Restart, None) => {
            let why = match exit.waits {
                true => NotRestarted::TooOften,
                false => NotRestarted::NoSource,
            };
            not_restarted(&*child.resident, why);
            match exit.waits {
                true => Directive::Escalate,
                false => Directive::Stop,
            }
        }
        (said, _) => said,
    };
    child.resident.decide(RestartDecision::End);
    relations.forget(exit.id);
    if said == Directive::Escalate {
        return Some(StopReason::Escalated(Box::new(Escalation::new(
            told.urn,
            told.reason,
        ))));
    }
    // A system that shuts down ends each actor by itself.
    (child.significant && told.reason != StopReason::Shutdown)
        .then_some(StopReason::ChildEnded(told.urn))
}

/// Tells whether a child still waits for the verdict on this end.
fn waits(child: &Child, exit: &ExitNotice) -> bool {
    let relations = child.resident.relations();
    child.resident.lifecycle().state() != State::Stopped
        && relations.is_some_and(|relations| {
            relations.asks() && relations.generation() == exit.told.generation
        })
}

/// Kills the children of an incarnation that was cut short, all at once, and waits for
/// those that end in time. `is_next` tells whether another incarnation may follow.
pub(super) async fn kill_children(relations: &Relations, is_next: bool) {
    let children = relations.leave(is_next);
    for (_, child) in &children {
        child.resident.tell_to_end(Signal::Kill, By::Parent);
    }
    let until = Instant::now() + LAST_CALL;
    for (id, child) in &children {
        last_call(&*child.resident, until).await;
        relations.forget(*id);
    }
}

/// Ends the children, the newest first: each has its time to end by itself, and is then
/// killed. `signal` is that of the parent, and `is_next` tells whether another incarnation may
/// follow.
pub(super) async fn end_children(
    parent: ActorId,
    relations: &Relations,
    signal: Signal,
    is_next: bool,
) {
    // Children handle their queued messages if their parent does.
    let signal = match signal {
        Signal::Drain => Signal::Drain,
        _ => Signal::Now,
    };
    for (id, child) in relations.leave(is_next).iter().rev() {
        // A turn of the child may wait for this actor, which handles no message any
        // more: the entered wait turns such an ask into an error.
        let _wait = Wait::begin_anyway(parent, *id);
        end(child, signal).await;
        relations.forget(*id);
    }
}

pub(super) async fn end(child: &Child, signal: Signal) {
    let resident = &*child.resident;
    wait_in_real_time(resident);
    resident.tell_to_end(signal, By::Parent);
    if timers::within(child.stop_within, resident.lifecycle().wait())
        .await
        .is_none()
    {
        resident.tell_to_end(Signal::Kill, By::Parent);
        last_call(resident, Instant::now() + LAST_CALL).await;
    }
}

/// Resumes a paused clock, which would be at the limit of a wait for a thread before that thread runs.
pub(super) fn wait_in_real_time(resident: &dyn AnyActor) {
    if resident.place() == Place::Thread {
        resume_paused_clock();
    }
}

/// Waits for the end of a killed child until the time given; a child that runs on is
/// logged.
async fn last_call(resident: &dyn AnyActor, until: Instant) {
    let ended = timers::before(until, resident.lifecycle().wait())
        .await
        .is_some();
    // A child that waits for its own children logs them itself.
    if !ended && !resident.relations().is_some_and(Relations::has_children) {
        let urn = resident.urn();
        tracing::error!(target: "conclib", %urn, "a turn never awaits: a child outlives its parent");
    }
}
