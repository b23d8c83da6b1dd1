//! Gate that an actor under test passes before each of its turns. Other actors
//! have none.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use conclib_wire::{Delivery, Failure, Fault};

use super::killable::ActorEnd;
use super::next::poll_next_outlined;
use super::run::panicked;
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

/// Message whose turn has not begun. If the message is dropped before that, its
/// asker is told that it was not delivered.
struct HeldMessage<I: Messages>(Option<I>);

impl<I: Messages> Drop for HeldMessage<I> {
    fn drop(&mut self) {
        if let Some(message) = self.0.take() {
            message.refuse(Failure::Stopped(Delivery::NotDelivered));
        }
    }
}

/// Waits for the next message and for the decision of the hook on its turn.
pub(super) async fn pass<A: Actor>(ctx: &mut Context<A>, batch: &mut VecDeque<A::Inbox>) -> Gate {
    let cell = ctx.cell().clone();
    let Some(hook) = cell.system.hook() else {
        return Gate::Other;
    };
    let mut held = HeldMessage(None);
    if !take_up(ctx, batch, &mut held.0, hook).await {
        return Gate::Other;
    }
    let index = held.0.as_ref().map_or(0, |message| message.head().index);
    let name = A::Inbox::name(index);
    let decision = hook.clone().before_turn(cell.id, name).await;
    let Some(message) = held.0.take() else {
        return Gate::Over(None);
    };
    match decision {
        TurnDecision::Go => {
            batch.push_front(message);
            Gate::Turn
        }
        TurnDecision::Fail(text) => {
            let fault = Box::new(Fault::panic(&text));
            message.refuse(Failure::Panicked(fault.clone()));
            let index = cell.stats.ended().unwrap_or_default();
            if turn_scope::take_waited() {
                cell.system.waits.clear(cell.id);
            }
            let ended = panicked(ctx, index, fault);
            cell.watch.end();
            Gate::Over(Some(ended))
        }
        TurnDecision::Lose => {
            cell.stats.turn.store(0, Ordering::Relaxed);
            cell.lost(name, ctx.from(), DeadLetterCause::Lost);
            Gate::Over(None)
        }
    }
}

/// Takes the next message as if there were no gate, and tells the test kit
/// whether the actor is idle.
async fn take_up<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
    hook: &Arc<dyn TurnHook>,
) -> bool {
    let cell = ctx.cell().clone();
    poll_fn(|cx| {
        let polled = {
            let _open = Open::new(&cell);
            poll_next_outlined(ctx, batch, cx)
        };
        if let Poll::Ready(true) = polled {
            *message = batch.pop_front();
        }
        // A concurrent handler that runs is work, too.
        let parks = polled.is_pending() && !ctx.has_unfinished();
        hook.looked(cell.id, parks);
        polled
    })
    .await
}
