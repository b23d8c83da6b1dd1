//! Forwarding of a request to another actor, which answers the asker in its place.

use std::future::poll_fn;
use std::mem::replace;
use std::task::{Context, Poll, ready};

use conclib_wire::{Cycle, Delivery, Failure};

use super::addressed::Addressed;
use super::target::{Outbound, Target};
use crate::deadlock::{Passing, Wait, WaitingTurn, polled};
use crate::message::Message;
use crate::reply::Request;
use crate::time::DeadlineTimer;

/// Request on its way to the next actor. A drop gives up its place in the queue of
/// waiting senders.
struct Forward<'t, T: Target<M> + ?Sized, M: Message> {
    addressed: Addressed<&'t T, M>,
    passed: Passed,
    /// Wait of the turn that passes the request on, while the next mailbox is full.
    wait: Option<Wait>,
}

/// Progress of entering the caller as one that waits for the next actor.
enum Passed {
    New,
    InDoubt(Passing),
    Begun(Option<Passing>),
}

impl<T: Target<M> + ?Sized, M: Message> Forward<'_, T, M> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let Err(circle) = ready!(self.poll_passed(cx)) {
            return Poll::Ready(Err(not_sent(circle)));
        }
        match self.addressed.poll_send(cx) {
            Poll::Ready(Ok(())) => {
                if let Passed::Begun(passing) = &mut self.passed {
                    passing.take().into_iter().for_each(Passing::keep);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => match polled(&mut self.wait, cx, self.addressed.to) {
                Ok(()) => Poll::Pending,
                Err(circle) => Poll::Ready(Err(not_sent(circle))),
            },
            failed => failed,
        }
    }

    /// Enters, before the request is sent, that its asker waits for the next actor,
    /// unless that would close a circle.
    fn poll_passed(&mut self, cx: &Context<'_>) -> Poll<Result<(), Cycle>> {
        if let Passed::New = self.passed {
            let waiting = self.addressed.outbound.request.as_ref();
            let waiting = waiting.and_then(|request| request.reply.passed());
            let begun = waiting.map(|waiting| self.begin(&waiting, cx)).transpose();
            self.passed = match begun {
                Ok(Some(Some(passing))) => Passed::InDoubt(passing),
                Ok(_) => Passed::Begun(None),
                Err(circle) => return Poll::Ready(Err(circle)),
            };
        }
        if let Passed::InDoubt(passing) = &mut self.passed {
            let settled = ready!(passing.poll(cx));
            if let Err(circle) = settled {
                return Poll::Ready(Err(circle));
            }
            if let Passed::InDoubt(passing) = replace(&mut self.passed, Passed::New) {
                self.passed = Passed::Begun(Some(passing));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn begin(&self, waiting: &WaitingTurn, cx: &Context<'_>) -> Result<Option<Passing>, Cycle> {
        let mut passing = None;
        let entered = self.addressed.to.wait(&mut |whom, may_doubt| {
            match waiting {
                WaitingTurn::Here(who, ask) => {
                    let settles = Some(cx.waker()).filter(|_| may_doubt);
                    passing = Passing::begin(*who, *ask, whom, settles)?;
                }
                WaitingTurn::Away(asked) => asked.pass_on(whom)?,
            }
            Ok(())
        });
        entered.transpose()?;
        Ok(passing)
    }
}

fn not_sent(circle: Cycle) -> Failure {
    Failure::Cycle(circle, Delivery::NotDelivered)
}

/// Hands a request over as it is. What could not be handed over is answered.
pub(crate) async fn forward<T: Target<M> + ?Sized, M: Message>(to: &T, request: Request<M>) {
    // The asker keeps the deadline; an actor in another process has to know of it, too.
    let (due, _) = request.reply.outlook();
    let deadline = due.map_or(DeadlineTimer::Never, |due| {
        DeadlineTimer::Kept(due.remaining())
    });
    let mut forward = Forward {
        addressed: Addressed {
            to,
            outbound: Outbound::new(request, M::PRIORITY, deadline),
        },
        passed: Passed::New,
        wait: None,
    };
    let sent = poll_fn(|cx| forward.poll(cx)).await;
    if let Some(cancel) = forward.addressed.outbound.take_cancel() {
        // This future does not see the asker leave, so it does not cancel the request.
        cancel.done();
    }
    if let Err(why) = sent
        && let Some(request) = forward.addressed.outbound.request.take()
    {
        request.reply.refuse(why);
    }
}
