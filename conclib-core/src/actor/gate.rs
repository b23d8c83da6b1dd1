//! Gate that an actor under test passes before each of its turns. Other actors
//! have none.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Poller, Poll};

use conclib_wire::{Delivery, Failure, Fault};

use super::killable::ActorEnd;
use super::next::poll_next_outlined;
use super::run::panicked;
use crate::actor_id::ActorId;
use crate::events::DeadLetterCause;
use crate::hook::{TurnDecision, TurnHook};
use crate::mailbox::Alert;
use crate::node::{Actor, ActorCell, Context, Messages};
use crate::turn_scope;

/// Result of a pass through the gate.
pub(super) enum Gate {
    /// The turn of the first message of the batch begins.
    Turn,
    /// The message is gone without its turn; the value says how the actor ends, if it does.
    Over(Option<ActorEnd>),
    /// No message: there is something else to look at, or no hook.
    Other,
}

/// Guard that clears the alert of the gate while it exists, so that the mailbox
/// gives messages out. Only the actor's task looks at that alert.
struct Open<'c, A: Actor>(&'c ActorCell<A>);

impl<'c, A: Actor> Open<'c, A> {
    fn new(cell: &'c ActorCell<A>) -> Self {
        cell.mailbox.clear_alert(Alert::Gate);
        Self(cell)
    }
}

impl<A: Actor> Drop for Open<'_, A> {
    fn drop(&mut self) {
        self.0.mailbox.mark(Alert::Gate);
    }
}

/// The next message of an actor, on its way through the gate: all that depends on the actor's type,
/// so that the way itself is compiled once.
trait Passing: Send {
    fn hook(&self) -> Option<Arc<dyn TurnHook>>;

    /// Takes the next message as if there were no gate, tells the test kit whether the actor is
    /// idle, and returns the name of the message; `None` if there is something else to look at.
    fn poll_next(
        &mut self,
        hook: &dyn TurnHook,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<(ActorId, &'static str)>>;

    fn decided(&mut self, decision: TurnDecision) -> Gate;
}

/// Message whose turn has not begun. If it is dropped before that, its asker is told that the
/// message was not delivered.
struct HeldMessage<'c, A: Actor> {
    ctx: &'c mut Context<A>,
    batch: &'c mut VecDeque<A::Inbox>,
    message: Option<A::Inbox>,
}

impl<A: Actor> Drop for HeldMessage<'_, A> {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            message.refuse(Failure::Stopped(Delivery::NotDelivered));
        }
    }
}

impl<A: Actor> Passing for HeldMessage<'_, A> {
    fn hook(&self) -> Option<Arc<dyn TurnHook>> {
        self.ctx.cell().system.hook().cloned()
    }

    fn poll_next(
        &mut self,
        hook: &dyn TurnHook,
        cx: &mut Poller<'_>,
    ) -> Poll<Option<(ActorId, &'static str)>> {
        let cell = self.ctx.cell().clone();
        let polled = {
            let _open = Open::new(&cell);
            poll_next_outlined(self.ctx, self.batch, cx)
        };
        // A concurrent handler that runs is work, too.
        let parks = polled.is_pending() && !self.ctx.has_unfinished();
        hook.looked(cell.id, parks);
        polled.map(|is_message| {
            let message = is_message.then(|| self.batch.pop_front()).flatten()?;
            let name = A::Inbox::name(message.head().index);
            self.message = Some(message);
            Some((cell.id, name))
        })
    }

    fn decided(&mut self, decision: TurnDecision) -> Gate {
        let Some(message) = self.message.take() else {
            return Gate::Over(None);
        };
        match decision {
            TurnDecision::Go => {
                self.batch.push_front(message);
                Gate::Turn
            }
            TurnDecision::Fail(text) => {
                let fault = Box::new(Fault::panic(&text));
                message.refuse(Failure::Panicked(fault.clone()));
                let cell = self.ctx.cell();
                let index = cell.stats.ended().unwrap_or_default();
                if turn_scope::take_waited() {
                    cell.system.waits.clear(cell.id);
                }
                let ended = panicked(self.ctx, index, fault);
                cell.watch.end();
                Gate::Over(Some(ended))
            }
            TurnDecision::Lose => {
                let cell = self.ctx.cell();
                cell.stats.turn.store(0, Ordering::Relaxed);
                let name = A::Inbox::name(message.head().index);
                cell.lost(name, self.ctx.from(), DeadLetterCause::Lost);
                Gate::Over(None)
            }
        }
    }
}

/// Waits for the next message and for the decision of the hook on its turn.
pub(super) fn pass<'c, A: Actor>(
    ctx: &'c mut Context<A>,
    batch: &'c mut VecDeque<A::Inbox>,
) -> Pin<Box<dyn Future<Output = Gate> + Send + 'c>> {
    let mut held = HeldMessage {
        ctx,
        batch,
        message: None,
    };
    Box::pin(async move { walk(&mut held).await })
}

async fn walk(passing: &mut dyn Passing) -> Gate {
    let Some(hook) = passing.hook() else {
        return Gate::Other;
    };
    let next = poll_fn(|cx| passing.poll_next(&*hook, cx)).await;
    let Some((id, name)) = next else {
        return Gate::Other;
    };
    let decision = hook.before_turn(id, name).await;
    passing.decided(decision)
}
