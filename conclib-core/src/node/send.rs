//! A message on its way to an actor of this process, in three steps: an address
//! sends it ([`poll_send`], [`try_tell`]), the actor admits it by its overflow
//! policy ([`ActorCell::admit`]), and its mailbox queues it ([`Mailbox::try_push`]).
//!
//! [`Mailbox::try_push`]: crate::mailbox::Mailbox::try_push

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Cycle, Delivery, Failure, Urn};

use super::actor::{Actor, Handler, Messages};
use super::cell::ActorCell;
use crate::actor_id::ActorId;
use crate::call::{Outbound, Target};
use crate::deadlock::Wait;
use crate::error::TellError;
use crate::events::DeadLetterCause;
use crate::mailbox::{Overflow, Refused, Ticket};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::observe::has_something_to_note;
use crate::reply::Request;
use crate::time::DeadlineTimer;
use crate::turn_scope;

/// Reference that is not in the reference count of the actor: its owner holds a count
/// of its own, or does not keep the actor alive.
pub(crate) struct Uncounted<A: Actor>(pub(crate) Arc<ActorCell<A>>);

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
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        poll_send(&self.0, cx, outbound, send_outlined)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        try_tell(&self.0, message, priority)
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        leave(&self.0, outbound);
    }

    fn default_timeout(&self) -> Option<Duration> {
        self.0.ask_timeout
    }

    fn to_named(&self) -> Arc<dyn Named> {
        self.0.clone()
    }
}

/// Sends to a cell, and waits in line for a slot if there is none. `send` is
/// [`send_now`] or [`send_outlined`].
#[inline(always)]
pub(crate) fn poll_send<M: Message, A: Handler<M>>(
    cell: &ActorCell<A>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound<M>,
    send: impl FnOnce(&ActorCell<A>, &mut Outbound<M>) -> Result<(), Refused>,
) -> Poll<Result<(), Failure>> {
    if outbound.ticket.is_none() {
        match send(cell, outbound) {
            Ok(()) => return Poll::Ready(Ok(())),
            Err(Refused::Full) if cell.overflow != Overflow::Reject => {}
            Err(refused) => return Poll::Ready(Err(refused.into_failure())),
        }
    }
    poll_waiters(cell, cx, outbound)
}

/// Waits for a slot, in the order of arrival. A turn that waits for a slot waits for
/// the turns of that actor, so its wait is entered in the wait-for graph.
fn poll_waiters<M: Message, A: Handler<M>>(
    cell: &ActorCell<A>,
    cx: &mut Context<'_>,
    outbound: &mut Outbound<M>,
) -> Poll<Result<(), Failure>> {
    let Outbound {
        ticket,
        request,
        priority,
        wait,
        ..
    } = outbound;
    let is_new = ticket.is_none();
    if let Poll::Ready(admitted) = cell.poll_admit(cx, ticket, request, *priority, A::wrap) {
        *wait = None;
        return Poll::Ready(match admitted {
            Ok(()) => Ok(()),
            Err(()) => Err(Failure::Stopped(Delivery::NotDelivered)),
        });
    }
    let turn = match request {
        // An ask has entered its wait before it was sent: see `Addressed::begin`.
        Some(told) if is_new && told.reply.wait().is_none() => told.from,
        _ => None,
    };
    match wait_in_line(cx, wait, turn, cell.id) {
        Ok(()) => Poll::Pending,
        Err(cycle) => {
            leave(cell, outbound);
            Poll::Ready(Err(Failure::Cycle(cycle, Delivery::NotDelivered)))
        }
    }
}

/// Enters the wait of `turn` for a slot of another actor, if there is one, and polls the wait that
/// was entered before.
fn wait_in_line(
    cx: &mut Context<'_>,
    wait: &mut Option<Box<Wait>>,
    turn: Option<ActorId>,
    to: ActorId,
) -> Result<(), Cycle> {
    // A future that is polled outside of the turn that began it is no wait any more.
    *wait = wait.take().filter(|wait| wait.is_here());
    match (&mut *wait, turn) {
        (Some(wait), _) => match wait.poll(cx) {
            Poll::Ready(known) => known,
            Poll::Pending => Ok(()),
        },
        (none, Some(who)) if turn == turn_scope::in_turn() => {
            let begun = Wait::begin(who, to, Some(cx.waker()), true);
            begun.map(|wait| *none = Some(Box::new(wait)))
        }
        _ => Ok(()),
    }
}

/// Hands the message over if there is a slot right now. A message of an actor to
/// itself is queued above the capacity: only the turn that sends it could free a
/// slot.
#[inline(always)]
pub(crate) fn send_now<M: Message, A: Handler<M>>(
    cell: &ActorCell<A>,
    outbound: &mut Outbound<M>,
) -> Result<(), Refused> {
    let Some(request) = &outbound.request else {
        return Ok(());
    };
    let to_itself = request.from == Some(cell.id);
    if cell.meter.is_on() {
        outbound.request = outbound.request.take().map(Request::timed);
    }
    cell.admit(&mut outbound.request, outbound.priority, A::wrap, to_itself)
}

/// Same as [`send_now`], as a function of its own: each handler has a recipient, used
/// or not, and a second place to inline at would keep the compiler from inlining it
/// into a plain tell.
#[inline(never)]
pub(crate) fn send_outlined<M: Message, A: Handler<M>>(
    cell: &ActorCell<A>,
    outbound: &mut Outbound<M>,
) -> Result<(), Refused> {
    send_now(cell, outbound)
}

pub(crate) fn try_tell<M: Message, A: Handler<M>>(
    cell: &ActorCell<A>,
    message: M,
    priority: u8,
) -> Result<(), TellError<M>> {
    let mut outbound = Outbound::tell(message, priority, DeadlineTimer::Never);
    if has_something_to_note() {
        outbound.note();
    }
    let sent = send_outlined(cell, &mut outbound);
    match (sent, outbound.request) {
        (Err(refused), Some(request)) => Err(refused.into_tell_error(cell.urn(), request)),
        _ => Ok(()),
    }
}

pub(super) fn leave<M: Message, A: Actor>(cell: &ActorCell<A>, outbound: &mut Outbound<M>) {
    outbound.wait = None;
    if let Some(ticket) = outbound.ticket.take() {
        cell.mailbox.leave(ticket);
    }
}

impl<A: Actor> ActorCell<A> {
    /// Queues a message if there is a slot, and otherwise applies `DropOldest` or
    /// `DropNewest`. Returns `Full` under the other policies, which the caller applies.
    #[inline(always)]
    pub(crate) fn admit<S>(
        &self,
        seed: &mut Option<S>,
        priority: u8,
        mut make: impl FnMut(S) -> A::Inbox,
        to_itself: bool,
    ) -> Result<(), Refused> {
        // Counts before the push, since the loop may take the message at once.
        self.meter.queued(1);
        let inside = to_itself && turn_scope::sender() == Some(self.id);
        let pushed = self
            .mailbox
            .try_push_from(seed, priority, to_itself, inside, &mut make);
        if !matches!(pushed, Ok(None)) {
            self.meter.unqueued(1);
        }
        match pushed {
            Ok(None) => Ok(()),
            Ok(Some(message)) => {
                self.drop_full(message);
                Ok(())
            }
            Err(Refused::Full) if self.overflow == Overflow::DropNewest => {
                if let Some(seed) = seed.take() {
                    self.drop_full(make(seed));
                }
                Ok(())
            }
            Err(refused) => Err(refused),
        }
    }

    /// Same as [`admit`](Self::admit), but waits for a slot of the mailbox.
    pub(crate) fn poll_admit<S>(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        seed: &mut Option<S>,
        priority: u8,
        make: impl FnOnce(S) -> A::Inbox,
    ) -> Poll<Result<(), ()>> {
        let pushed = self.mailbox.poll_push(cx, ticket, seed, priority, make);
        if let Poll::Ready(Ok(())) = pushed {
            self.meter.queued(1);
        }
        pushed
    }

    /// Makes a dead letter of a message for which a full mailbox had no slot.
    fn drop_full(&self, message: A::Inbox) {
        self.dead_letter(&message, DeadLetterCause::MailboxFull);
        message.refuse(Failure::MailboxFull);
    }
}

impl Refused {
    /// Converts to the failure that an asker gets.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Closed => Failure::Stopped(Delivery::NotDelivered),
            Self::Full => Failure::MailboxFull,
        }
    }

    /// Converts to the error of a tell, which gives the message back.
    pub(crate) fn into_tell_error<M: Message>(self, urn: Urn, request: Request<M>) -> TellError<M> {
        let Request { message, .. } = request;
        match self {
            Self::Closed => TellError::Stopped { urn, message },
            Self::Full => TellError::Full { urn, message },
        }
    }
}
