//! Passing a request on, with whoever asked.

use std::future::poll_fn;

use super::{NotSent, Sending, Target};
use crate::deadline::Deadline;
use crate::error::{Delivery, Failure};
use crate::message::Message;
use crate::reply::Request;

/// A request on its way to another, which gives its place in line up when it
/// is dropped.
struct Forward<'t, T: Target<M> + ?Sized, M: Message> {
    to: &'t T,
    sending: Sending<M>,
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
    };
    let sent = poll_fn(|cx| {
        let Forward { to, sending } = &mut forward;
        to.poll_send(cx, sending, &deadline)
    });
    let sent = sent.await;
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
