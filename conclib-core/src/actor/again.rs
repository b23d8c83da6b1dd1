//! Decision on another incarnation of an actor that has failed.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Poller, Poll, ready};
use std::time::Duration;

use conclib_wire::{State, StopReason};

use super::factory::Again;
use super::group;
use super::restart::History;
use super::supervise::kill_children;
use crate::actor_id::ActorId;
use crate::deadlock::Wait;
use crate::events::{Event, NotRestarted};
use crate::mailbox::{Alert, Signal};
use crate::node::{
    Actor, ActorCell, AnyActor, ExitNotice, ForeignCell, Notice, Relations, RestartDecision,
};
use crate::supervision::{ChildExit, Directive, Strategy};
use crate::time::timers;

/// Actor with incarnations, as the decision on the next one needs it.
pub(crate) trait Incarnations: AnyActor {
    /// Signal to end that the actor was given.
    fn signal(&self) -> Signal;
    /// Makes a signal and a decision wake this task. An actor whose task is always woken does
    /// nothing.
    fn register(&self, cx: &Poller<'_>);
    /// Ends the actor if its last reference was dropped between two incarnations.
    fn settle_unreferenced(&self);
    /// Clears the alerts for the former incarnation.
    fn clear_alerts(&self);
    /// Counts a restart.
    fn count_restart(&self);
}

impl<A: Actor> Incarnations for ActorCell<A> {
    fn signal(&self) -> Signal {
        self.mailbox.signal()
    }

    // The mailbox has the waker of the task.
    fn register(&self, _: &Poller<'_>) {}

    fn settle_unreferenced(&self) {
        self.settle(true);
    }

    fn clear_alerts(&self) {
        self.mailbox.clear_alert(Alert::Recycle);
        self.mailbox.clear_alert(Alert::Abort);
    }

    fn count_restart(&self) {
        self.meter.restarted();
    }
}

impl Incarnations for ForeignCell {
    fn signal(&self) -> Signal {
        Self::signal(self)
    }

    fn register(&self, cx: &Poller<'_>) {
        self.wake_on_change(cx);
    }

    // The last reference gives the signal at once.
    fn settle_unreferenced(&self) {}

    fn clear_alerts(&self) {
        self.clear_recycle();
    }

    fn count_restart(&self) {}
}

/// Decides, after the end of an incarnation, if the actor starts another one. `said` is the
/// directive that its `#[on(error)]` returned.
pub(crate) async fn again<C: Incarnations>(
    cell: &C,
    history: &mut History,
    reason: &StopReason,
    said: Option<Directive>,
) -> Again {
    let Some(relations) = cell.relations() else {
        return Again::No;
    };
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
    if is_final || cell.signal() != Signal::None {
        return over;
    }
    if relations.has_children() {
        // The incarnation was cut short before it could end its children.
        Box::pin(kill_children(relations, true)).await;
    }
    relations.mark_down();
    // The last reference may have been dropped before: then the actor is to
    // end, too.
    cell.settle_unreferenced();
    cell.lifecycle().tell_change();
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
        if cell.signal() != Signal::None {
            return Again::Called;
        }
    }
    let restarts = relations.restarts.load(Ordering::Relaxed);
    let urn = cell.urn();
    tracing::warn!(target: "conclib", %urn, restarts, %reason, "restarting");
    cell.count_restart();
    cell.system().emit(|| Event::Restarted {
        urn,
        generation: restarts + 1,
        reason: reason.clone(),
    });
    Again::Yes
}

/// Describes the end of an incarnation to the supervisor, and says if the
/// policy allows another.
fn exit(
    cell: &dyn AnyActor,
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
        not_restarted(cell, NotRestarted::TooOften);
    }
    let default = match wanted && !exhausted {
        true => Directive::Restart,
        false if said == Some(Directive::Stop) => Directive::Stop,
        false => Directive::Escalate,
    };
    ExitNotice {
        id: cell.id(),
        told: ChildExit {
            exhausted: exhausted && wanted,
            ..cell.child_exit(reason.clone(), default)
        },
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
async fn await_decision<C: Incarnations>(cell: &C, relations: &Relations) -> RestartDecision {
    let mut awaited = Awaited::default();
    poll_fn(|cx| {
        cell.register(cx);
        if cell.signal() != Signal::None {
            relations.asks_no_more();
            return Poll::Ready(RestartDecision::End);
        }
        if let Some(decision) = relations.take_decision() {
            return Poll::Ready(decision);
        }
        awaited.enter(cell.id(), relations.awaited());
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
async fn wait<C: Incarnations>(
    cell: &C,
    relations: &Relations,
    delay: Duration,
    behind: Option<Arc<dyn AnyActor>>,
) -> Option<RestartDecision> {
    let mut start = pin!(async {
        if let Some(other) = behind {
            // Entered in the wait graph, because the `#[on(start)]` of the
            // other actor may ask this one.
            let _wait = Wait::begin_anyway(cell.id(), other.id());
            other.lifecycle().until(|| is_up(&*other)).await;
        }
        if !delay.is_zero() {
            timers::pause(delay).await;
        }
    });
    let mut is_due = false;
    let mut awaited = Awaited::default();
    poll_fn(|cx| {
        cell.register(cx);
        if cell.signal() != Signal::None {
            return Poll::Ready(Some(RestartDecision::End));
        }
        if let Some(decision) = relations.take_decision() {
            return Poll::Ready(Some(decision));
        }
        // The leader of a group restart may begin to hold this actor during its
        // pause.
        awaited.enter(cell.id(), relations.awaited());
        if !is_due {
            ready!(start.as_mut().poll(cx));
            is_due = true;
        }
        let clear_alert = || {
            relations.restarts.fetch_add(1, Ordering::Relaxed);
            cell.clear_alerts();
        };
        match relations.begin_incarnation(clear_alert) {
            true => Poll::Ready(None),
            // A verdict is on its way, and wakes this task.
            false => Poll::Pending,
        }
    })
    .await
}

/// Logs that this actor should have been restarted and cannot be, and emits
/// the event.
pub(super) fn not_restarted(cell: &dyn AnyActor, why: NotRestarted) {
    let urn = cell.urn();
    tracing::error!(target: "conclib", %urn, %why, "not restarted");
    cell.system().emit(|| Event::NotRestarted { urn, why });
}

/// Tells whether an actor has got through its start, or never will.
pub(crate) fn is_up(resident: &dyn AnyActor) -> bool {
    !matches!(resident.state(), State::Starting | State::Restarting)
}
