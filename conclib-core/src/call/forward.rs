//! Passing a request on, with whoever asked.

use std::future::poll_fn;
use std::task::{Context, Poll};

use super::{NotSent, Sending, Target};
use crate::current;
use crate::deadline::Deadline;
use crate::error::{Delivery, Failure};
use crate::message::Message;
use crate::reply::Request;
use crate::waits::Wait;

/// A request on its way to another, which gives its place in line up when it
/// is dropped.
struct Forward<'t, T: Target<M> + ?Sized, M: Message> {
    to: &'t T,
    sending: Sending<M>,
    /// That of the turn which passes it on, while it stands in line.
    wait: Option<Wait>,
}

impl<T: Target<M> + ?Sized, M: Message> Forward<'_, T, M> {
    fn poll(&mut self, cx: &mut Context<'_>, deadline: &Deadline) -> Poll<Result<(), NotSent>> {
        let polled = self.to.poll_send(cx, &mut self.sending, deadline);
        if polled.is_pending()
            && self.wait.is_none()
            && let Some(who) = current::in_turn()
        {
            match self.to.wait(who) {
                Some(Err(cycle)) => {
                    let failure = Failure::Cycle(cycle, Delivery::NotDelivered);
                    return Poll::Ready(Err(NotSent::Failure(failure)));
                }
                entered => self.wait = entered.and_then(Result::ok),
            }
        }
        polled
    }
}

impl<T: Target<M> + ?Sized, M: Message> Drop for Forward<'_, T, M> {
    fn drop(&mut self) {
        if self.sending.ticket.is_some() {
            self.to.leave(&mut self.sending);
        }
    }
}

/// Hands a request over as it is. What could not be handed over is answered.
pub(crate) async fn forward<T: Target<M> + ?Sized, M: Message>(to: &T, request: Request<M>) {
    // Kept by its asker; one elsewhere is to know of it, too.
    let (due, _) = request.reply.outlook();
    let deadline = due.map_or(Deadline::Never, |due| Deadline::Kept(due.remaining()));
    let mut forward = Forward {
        to,
        sending: Sending {
            request: Some(request),
            ticket: None,
            wait: None,
            leaving: None,
            priority: M::PRIORITY,
            waits: false,
        },
        wait: None,
    };
    let sent = poll_fn(|cx| forward.poll(cx, &deadline)).await;
    if let Some(cancel) = forward.sending.take_cancel() {
        // The asker is elsewhere: its leaving is not seen here.
        cancel.done();
    }
    if let Err(why) = sent
        && let Some(request) = forward.sending.request.take()
    {
        request.reply.refuse(match why {
            NotSent::Stopped => Failure::Stopped(Delivery::NotDelivered),
            NotSent::Full => Failure::MailboxFull,
            NotSent::Failure(failure) => failure,
        });
    }
}
