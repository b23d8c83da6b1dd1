//! Actors without their type, as their system handles them.

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_wire::{Envelope, NodeId, State, StopReason, Urn};

use super::foreign::ForeignCell;
use super::lifecycle::Lifecycle;
use super::registry::SystemInner;
use super::relations::{Notice, Relations, RestartDecision};
use crate::actor_id::ActorId;
use crate::mailbox::{Alert, By, Signal, Ticket};
use crate::named::Named;
use crate::place::Place;
use crate::reply::RemoteCaller;
use crate::snapshot::ActorSnapshot;
use crate::supervision::{ChildExit, Directive, Strategy};

/// An actor of any type.
pub(crate) trait AnyActor: Named + 'static {
    fn id(&self) -> ActorId;
    fn system(&self) -> &Arc<SystemInner>;
    fn type_name(&self) -> &'static str;
    fn place(&self) -> Place;
    /// Returns the name of the actor, if it was given one or has been asked for it.
    fn known_urn(&self) -> Option<&Urn>;
    /// Returns the system that runs the actor for its own one, if another one does.
    fn runs_in(&self) -> Option<NodeId> {
        None
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    fn lifecycle(&self) -> &Lifecycle;
    fn state(&self) -> State;
    fn tell_to_end(&self, signal: Signal, by: By);
    fn acquire(&self);
    fn try_acquire(&self) -> bool;
    fn release(&self);
    fn relations(&self) -> Option<&Relations>;
    /// Returns the relations of the actor, like [`relations`](Self::relations), and creates them
    /// for an actor that has none yet.
    fn relations_to_be(&self) -> &Relations;
    /// Queues a notice of the end of another actor, in the lane for signals.
    fn notify(&self, notice: Notice);
    fn alert(&self, alert: Alert);
    fn is_alerted(&self, alert: Alert) -> bool;
    fn strategy(&self) -> Strategy;
    /// Tells whether the actor has an `#[on(child)]`.
    fn hears_of_children(&self) -> bool;
    /// Tells whether a message, a signal or an alert waits for the actor.
    fn has_work(&self) -> bool;
    /// Gives a child the verdict that it waits for.
    fn decide(&self, decision: RestartDecision);
    /// Keeps the actor from starting again until the group that this sibling leads has
    /// gone down.
    fn hold(&self, leader: ActorId);
    /// Returns a [`Recipient`](super::recipient::Recipient) of the message of that type, if the
    /// actor handles it.
    fn recipient(self: Arc<Self>, message: TypeId) -> Option<Box<dyn Any>>;
    /// Describes the end of this actor for the `#[on(child)]` of its supervisor.
    fn child_exit(&self, reason: StopReason, default: Directive) -> ChildExit {
        ChildExit {
            urn: self.urn(),
            type_name: self.type_name(),
            reason,
            generation: self.relations().map_or(1, Relations::generation),
            default,
            exhausted: false,
        }
    }
    /// Waits until the mailbox has a place, without taking it: the place goes to the
    /// next waiting sender.
    fn poll_room(&self, cx: &mut Context<'_>, ticket: &mut Option<Ticket>) -> Poll<Result<(), ()>>;
    /// Waits until a place of the mailbox is kept for the holder of the ticket, behind the senders
    /// that came before.
    fn poll_reserve(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
    ) -> Poll<Result<(), ()>>;
    /// Removes a sender from the queue of waiting senders.
    fn leave_waiters(&self, ticket: Ticket);
    fn snapshot(&self) -> ActorSnapshot;
    /// Returns the cell of an actor that another crate runs.
    fn as_foreign(&self) -> Option<&ForeignCell> {
        None
    }
    /// Queues a request that came from outside, in the reserved place if there is one. Returns
    /// false if the request was answered already.
    fn accept(&self, envelope: &Envelope<'_>, asker: RemoteCaller, place: Option<Ticket>) -> bool;
}
