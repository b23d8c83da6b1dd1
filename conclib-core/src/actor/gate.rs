//! What an actor under test passes before each of its turns. Others never
//! come here.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;

use tokio::time::sleep;

use super::cell::Cell;
use super::context::Context;
use super::life::failed;
use super::mortal::Ended;
use super::next::next;
use super::signal::Alert;
use super::turn::Turn;
use super::{Actor, Messages};
use crate::current;
use crate::events::DeadLetterCause;
use crate::testing::{Kit, Planned};
use conclib_wire::Fault;
use conclib_wire::{Delivery, Failure};

/// What is behind the gate.
pub(super) enum Gate {
    /// A turn, which is over; how the actor ends, if it does.
    Turn(Option<Ended>),
    /// No message: there is something else to look at, or no gate.
    Other,
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

/// One turn of an actor under test, when it is its turn, with whatever fault
/// there is for it.
pub(super) async fn pass<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> Gate {
    let cell = ctx.cell().clone();
    let Some(kit) = cell.system.kit() else {
        return Gate::Other;
    };
    let mut held = Held(None);
    if !take_up(ctx, batch, &mut held.0, kit).await {
        return Gate::Other;
    }
    let index = held.0.as_ref().map_or(0, |message| message.head().index);
    if let Some(turns) = kit.turns() {
        turns.wait(&cell.system, cell.id).await;
    }
    let fault = kit.fault(cell.id, A::Inbox::name(index));
    if let Some(Planned::Delay(by)) = fault {
        sleep(by).await;
    }
    let Some(message) = held.0.take() else {
        return Gate::Turn(None);
    };
    let turn = match fault {
        None | Some(Planned::Delay(_)) => actor.turn(message, ctx).await,
        Some(Planned::Fail(text)) => {
            let fault = Box::new(Fault::panic(&text));
            message.refuse(Failure::Panicked(fault.clone()));
            Turn::Panicked(fault)
        }
        Some(Planned::Lose) => {
            cell.stats.turn.store(0, Ordering::Relaxed);
            cell.lost(A::Inbox::name(index), ctx.from(), DeadLetterCause::Lost);
            return Gate::Turn(None);
        }
    };
    let index = cell.stats.ended();
    if current::take_waited() {
        cell.system.waits.clear(cell.id);
    }
    let ended = failed(actor, ctx, index, turn).await;
    cell.watch.end();
    Gate::Turn(ended)
}

/// The next message, as if there were no gate; and whoever watches is told
/// whether there is one.
async fn take_up<A: Actor>(
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
    message: &mut Option<A::Inbox>,
    kit: &Kit,
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
        kit.looked(cell.id, parks);
        polled
    })
    .await
}
