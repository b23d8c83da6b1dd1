//! Gate that an actor passes before each of its turns if its system has a
//! [`TurnHook`]. Any other actor never comes here.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cell::Cell;
use super::life::panicked;
use super::mortal::Ended;
use super::next::next;
use super::{Actor, Alert, Context, Messages};
use crate::current;
use crate::error::{Delivery, Failure};
use crate::events::DeadLetterCause;
use crate::fault::Fault;
use crate::hook::{TurnDecision, TurnHook};

/// Outcome of a pass.
pub(super) enum Gate {
    /// The loop goes on: with the turn of the message, if there is one, or
    /// else with whatever else there is.
    Passed,
    /// The message is gone without its turn; how the actor ends, if it does.
    Over(Option<Ended>),
}

/// While it is there the gate is open to the loop, which alone looks at it.
struct Open<'c, A: Actor>(&'c Cell<A>);

impl<'c, A: Actor> Open<'c, A> {
    fn new(cell: &'c Cell<A>) -> Self {
        cell.mailbox.calm(Alert::Gate);
        Self(cell)
    }
}

impl<A: Actor> Drop for Open<'_, A> {
    fn drop(&mut self) {
        self.0.mailbox.mark(Alert::Gate);
    }
}

/// A message whose turn has not begun. Dropped so, its asker is told.
struct Held<I: Messages>(Option<I>);

impl<I: Messages> Drop for Held<I> {
    fn drop(&mut self) {
        if let Some(message) = self.0.take() {
            message.refuse(Failure::Stopped(Delivery::NotDelivered));
        }
    }
}

/// Waits for the next message and for the decision of the hook on its turn. The
/// message is put into `message` if its turn begins.
pub(super) async fn pass<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
) -> Gate {
    let cell = ctx.cell().clone();
    let Some(hook) = cell.system.hook() else {
        return Gate::Passed;
    };
    let mut held = Held(None);
    if !take_up(ctx, batch, &mut held.0, hook).await {
        return Gate::Passed;
    }
    let index = held.0.as_ref().map_or(0, |message| message.head().index);
    let name = A::Inbox::name(index);
    let decision = hook.clone().before_turn(cell.id, name).await;
    let Some(held) = held.0.take() else {
        return Gate::Over(None);
    };
    match decision {
        TurnDecision::Go => {
            *message = Some(held);
            Gate::Passed
        }
        TurnDecision::Fail(text) => {
            let fault = Box::new(Fault::panic(&text));
            held.refuse(Failure::Panicked(fault.clone()));
            let index = cell.stats.ended();
            if current::take_waited() {
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

/// The next message, as if there were no gate; and the hook is told whether
/// there is one.
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
            // It keeps nothing from one poll to the next.
            pin!(next(ctx, batch, message)).poll(cx)
        };
        // A handler beside the turns is something to do.
        let parks = polled.is_pending() && !ctx.has_unfinished();
        hook.looked(cell.id, parks);
        polled
    })
    .await
}
