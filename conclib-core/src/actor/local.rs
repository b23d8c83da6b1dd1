//! Sending to an actor of this process, for every kind of reference.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::cell::Cell;
use super::mailbox::Overflow;
use super::mailbox::Refused;
use super::{Actor, Handler};
use crate::call::{NotSent, Sending, Target};
use crate::current;
use crate::deadline::Deadline;
use crate::error::TellError;
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::reply::Request;
use crate::waits::Wait;
use conclib_wire::Cycle;
use conclib_wire::Urn;
use conclib_wire::{Delivery, Failure};

/// Reference that is not counted as a strong one: its holder counts for itself,
/// or does not keep the actor alive.
pub(crate) struct Uncounted<A: Actor>(pub(crate) Arc<Cell<A>>);

impl<A: Actor> Named for Uncounted<A> {
    fn urn(&self) -> Urn {
        self.0.urn()
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        self.0.wait(enter)
    }
}

impl<M: Message, A: Handler<M>> Target<M> for Uncounted<A> {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        sending: &mut Sending<M>,
        _: &Deadline,
    ) -> Poll<Result<(), NotSent>> {
        poll_send(&self.0, cx, sending, admit_apart)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        try_tell(&self.0, message, priority)
    }

    fn leave(&self, sending: &mut Sending<M>) {
        leave(&self.0, sending);
    }

    fn default_timeout(&self) -> Option<Duration> {
        self.0.ask_timeout
    }

    fn to_named(&self) -> Arc<dyn Named> {
        self.0.clone()
    }
}

/// Sends to an actor. `admit` is either [`admit`] or [`admit_apart`].
#[inline(always)]
pub(super) fn poll_send<M: Message, A: Handler<M>>(
    cell: &Cell<A>,
    cx: &mut Context<'_>,
    sending: &mut Sending<M>,
    admit: impl FnOnce(&Cell<A>, Request<M>, u8) -> Result<(), Refused<Request<M>>>,
) -> Poll<Result<(), NotSent>> {
    if sending.ticket.is_none() {
        match send_now(cell, sending, admit) {
            Ok(()) => return Poll::Ready(Ok(())),
            Err(Refused::Closed(())) => return Poll::Ready(Err(NotSent::Stopped)),
            Err(Refused::Full(())) if cell.overflow == Overflow::Reject => {
                return Poll::Ready(Err(NotSent::Full));
            }
            Err(Refused::Full(())) => {}
        }
    }
    poll_line(cell, cx, sending)
}

/// Waits in the queue of senders for a place. A turn that does so waits for
/// turns of the receiver, so its wait is entered in the wait graph.
fn poll_line<M: Message, A: Handler<M>>(
    cell: &Cell<A>,
    cx: &mut Context<'_>,
    sending: &mut Sending<M>,
) -> Poll<Result<(), NotSent>> {
    let Sending {
        ticket,
        request,
        priority,
        ..
    } = sending;
    let is_new = ticket.is_none();
    let from = request.as_ref().and_then(|it| it.from);
    let polled = cell.poll_admit(cx, ticket, request, *priority, A::wrap);
    if polled.is_ready() {
        sending.wait = None;
        return polled.map_err(|()| NotSent::Stopped);
    }
    let waits = |it: &Request<M>| it.reply.wait().is_none() && it.from == current::in_turn();
    // An ask is in the wait graph already.
    let waits = request.as_ref().is_some_and(waits);
    // A future that another turn or task polls now is no wait of the turn that
    // entered it.
    sending.wait = sending.wait.take().filter(|wait| wait.is_here());
    let begun = match (&mut sending.wait, from) {
        (Some(wait), _) => match wait.poll(cx) {
            Poll::Ready(known) => known,
            Poll::Pending => Ok(()),
        },
        (none, Some(who)) if is_new && waits => {
            let begun = Wait::begin(who, cell.id, Some(cx.waker()), true);
            begun.map(|wait| *none = Some(Box::new(wait)))
        }
        _ => Ok(()),
    };
    match begun {
        Ok(()) => Poll::Pending,
        Err(cycle) => {
            leave(cell, sending);
            let failure = Failure::Cycle(cycle, Delivery::NotDelivered);
            Poll::Ready(Err(NotSent::Failure(failure)))
        }
    }
}

/// Hands the message over if there is a place right now.
#[inline(always)]
pub(super) fn send_now<M: Message, A: Handler<M>>(
    cell: &Cell<A>,
    sending: &mut Sending<M>,
    admit: impl FnOnce(&Cell<A>, Request<M>, u8) -> Result<(), Refused<Request<M>>>,
) -> Result<(), Refused<()>> {
    let Some(request) = sending.request.take() else {
        return Ok(());
    };
    let (request, refused) = match admit(cell, request, sending.priority) {
        Ok(()) => return Ok(()),
        Err(Refused::Closed(request)) => (request, Refused::Closed(())),
        Err(Refused::Full(request)) => (request, Refused::Full(())),
    };
    sending.request = Some(request);
    Err(refused)
}

pub(super) fn try_tell<M: Message, A: Handler<M>>(
    cell: &Cell<A>,
    message: M,
    priority: u8,
) -> Result<(), TellError<M>> {
    admit_apart(cell, Request::tell(message), priority).map_err(|refused| {
        let urn = cell.urn();
        match refused {
            Refused::Closed(request) => TellError::Stopped {
                urn,
                message: request.message,
            },
            Refused::Full(request) => TellError::Full {
                urn,
                message: request.message,
            },
        }
    })
}

pub(super) fn leave<M: Message, A: Actor>(cell: &Cell<A>, sending: &mut Sending<M>) {
    sending.wait = None;
    if let Some(ticket) = sending.ticket.take() {
        cell.mailbox.leave(ticket);
    }
}

/// Puts a request into the mailbox. A send of an actor to itself is never
/// refused for want of room: waiting for room would be waiting for the very
/// turn that sends.
#[inline(always)]
pub(super) fn admit<M: Message, A: Handler<M>>(
    cell: &Cell<A>,
    request: Request<M>,
    priority: u8,
) -> Result<(), Refused<Request<M>>> {
    let to_itself = request.from == Some(cell.id);
    let request = request.timed(&cell.meter);
    cell.admit(request, priority, A::wrap, to_itself)
}

/// Same as [`admit`], but not inlined: every handler has a recipient, used or
/// not, and a second place to inline at would keep the compiler from inlining
/// `admit` into a plain tell.
#[inline(never)]
pub(super) fn admit_apart<M: Message, A: Handler<M>>(
    cell: &Cell<A>,
    request: Request<M>,
    priority: u8,
) -> Result<(), Refused<Request<M>>> {
    admit(cell, request, priority)
}
