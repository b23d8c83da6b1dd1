//! The restart of a group of siblings: the newest goes down first, and the
//! oldest comes up first.
//!
//! The child that failed leads the restart from its own task. So the restart
//! needs no turn of the supervisor and holds none up, and the restart ends with
//! that child, for whatever reason it ends.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use conclib_wire::State;

use super::again::{Awaited, Incarnations};
use super::supervise::{LAST_CALL, end, wait_in_real_time};
use crate::actor_id::ActorId;
use crate::deadlock::Wait;
use crate::events::{Event, NotRestarted};
use crate::mailbox::{Alert, Signal};
use crate::node::{AnyActor, Child, Relations, RestartDecision};
use crate::supervision::Strategy;
use crate::time::timers;

/// Restarts the group that an actor which has failed belongs to. Returns the
/// verdict for that actor: to start, behind the sibling before it, or another
/// that was given meanwhile.
pub(super) async fn restart<C: Incarnations>(
    cell: &C,
    relations: &Relations,
    parent: &Arc<dyn AnyActor>,
    delay: Duration,
) -> RestartDecision {
    let mut restart = pin!(async {
        let mut group = match Group::lead(cell, relations, parent).await {
            Ok(group) => group,
            Err(decision) => return decision,
        };
        for (id, child) in group.siblings().into_iter().rev() {
            let _wait = Wait::begin_anyway(cell.id(), id);
            if !bring_down(cell, &child).await
                && let Some(family) = parent.relations()
            {
                family.forget(id);
            }
        }
        group.release(delay)
    });
    poll_fn(|cx| {
        cell.register(cx);
        match cell.signal() {
            Signal::None => restart.as_mut().poll(cx),
            _ => Poll::Ready(RestartDecision::End),
        }
    })
    .await
}

/// Group of siblings that goes down. Dropping it lets the siblings that are
/// held start again.
struct Group {
    parent: Arc<dyn AnyActor>,
    leader: ActorId,
}

impl Group {
    /// Takes the lead once no other sibling has it, and holds the others.
    ///
    /// # Errors
    /// The verdict of another leader for this one.
    async fn lead<C: Incarnations>(
        cell: &C,
        relations: &Relations,
        parent: &Arc<dyn AnyActor>,
    ) -> Result<Self, RestartDecision> {
        let Some(family) = parent.relations() else {
            return Err(RestartDecision::End);
        };
        let mut free = pin!(parent.lifecycle().until(|| family.lead(cell.id())));
        let mut awaited = Awaited::default();
        poll_fn(|cx| {
            if let Some(decision) = relations.take_decision() {
                return Poll::Ready(Err(decision));
            }
            // An actor that is held gets its verdict once the group that holds
            // it is down.
            if relations.awaited().is_none() && free.as_mut().poll(cx).is_ready() {
                let group = Self {
                    parent: parent.clone(),
                    leader: cell.id(),
                };
                // The former leader may have held this actor, and released it
                // with a verdict.
                return Poll::Ready(match relations.take_decision() {
                    Some(decision) => Err(decision),
                    None => Ok(group.hold(family)),
                });
            }
            awaited.enter(cell.id(), family.leader());
            Poll::Pending
        })
        .await
    }

    /// Holds the siblings that the strategy of the parent restarts with the
    /// leader.
    fn hold(self, family: &Relations) -> Self {
        let is_concerned = |id: ActorId| match self.parent.strategy() {
            Strategy::OneForOne => false,
            Strategy::OneForAll => id != self.leader,
            Strategy::RestForOne => id > self.leader,
        };
        for (id, child) in family.children() {
            if is_concerned(id) {
                child.resident.hold(self.leader);
            }
        }
        self
    }

    /// Siblings that are held, oldest first.
    fn siblings(&self) -> Vec<(ActorId, Child)> {
        let mut children = self
            .parent
            .relations()
            .map(Relations::children)
            .unwrap_or_default();
        children.retain(|(_, child)| {
            let relations = child.resident.relations();
            relations.is_some_and(|relations| relations.is_held_by(self.leader))
        });
        children
    }

    /// Starts the group, each actor once the one before has started. Returns
    /// the verdict for the leader.
    fn release(&mut self, delay: Duration) -> RestartDecision {
        let mut children = self.siblings();
        let family = self.parent.relations();
        let leader = family.and_then(|family| family.child(self.leader));
        children.extend(leader.map(|leader| (self.leader, leader)));
        children.sort_unstable_by_key(|(id, _)| *id);
        let mut delay = Some(delay);
        let mut behind: Option<Arc<dyn AnyActor>> = None;
        let mut own = RestartDecision::End;
        for (id, child) in children {
            let resident = &child.resident;
            let mut decision = |behind| RestartDecision::Start {
                delay: delay.take().unwrap_or_default(),
                behind,
            };
            if id == self.leader {
                own = decision(behind.replace(resident.clone()));
            } else if goes_down(&**resident) {
                resident.decide(decision(behind.replace(resident.clone())));
            } else if let Some(relations) = resident.relations() {
                relations.let_go();
            }
        }
        own
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.release(Duration::ZERO);
        if let Some(family) = self.parent.relations() {
            family.end_lead();
        }
        // Another child may wait to lead a restart.
        self.parent.lifecycle().tell_change();
    }
}

/// Tells whether the incarnation of the actor has ended to make room for
/// another one, or was told to. An actor in a turn that never awaits counts,
/// and gets its verdict if that turn ever gives way.
fn goes_down(resident: &dyn AnyActor) -> bool {
    let is_told = resident.is_alerted(Alert::Recycle) || resident.is_alerted(Alert::Abort);
    let lives = resident.state() != State::Stopped;
    lives
        && resident.relations().is_some_and(|relations| {
            relations.renews && (is_told || relations.has_no_incarnation())
        })
}

/// Ends the incarnation of a sibling, so that it can be started again. Returns
/// false if the sibling has ended for good.
async fn bring_down(cell: &dyn AnyActor, child: &Child) -> bool {
    let resident = &*child.resident;
    if resident.state() >= State::Stopping {
        // The child is ending by itself, and handles the queued messages first.
        end(child, Signal::Drain).await;
        return false;
    }
    let Some(relations) = resident.relations().filter(|relations| relations.renews) else {
        let (urn, why) = (resident.urn(), NotRestarted::NoSource);
        tracing::error!(target: "conclib", %urn, %why, "not restarted with its siblings");
        cell.system().emit(|| Event::NotRestarted { urn, why });
        end(child, Signal::Now).await;
        return false;
    };
    let is_down =
        || relations.has_no_incarnation() || resident.lifecycle().state() == State::Stopped;
    wait_in_real_time(resident);
    resident.alert(Alert::Recycle);
    if timers::within(child.stop_within, resident.lifecycle().until(is_down))
        .await
        .is_none()
    {
        resident.alert(Alert::Abort);
        if timers::within(LAST_CALL, resident.lifecycle().until(is_down))
            .await
            .is_none()
        {
            tracing::error!(
                target: "conclib",
                urn = %resident.urn(),
                "a turn never awaits: its actor is not restarted with its siblings"
            );
        }
    }
    resident.lifecycle().state() != State::Stopped
}
