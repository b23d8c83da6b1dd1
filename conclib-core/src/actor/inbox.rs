//! Mailbox without an actor.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake as _, Waker, ready};

use conclib_wire::{Delivery, Failure, Urn};
use tokio::task::coop;

use crate::call::{Outbound, Target};
use crate::error::TellError;
use crate::forwarding_waker::ForwardingWaker;
use crate::mailbox::{Mailbox, Overflow, Refused};
use crate::message::{LAST, Message};
use crate::named::Named;
use crate::node::{DEFAULT_MAILBOX, Recipient};
use crate::observe::log;
use crate::reply::Request;
use crate::sync::atomic::{AtomicUsize, Ordering};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

/// Mailbox without an actor: for code that receives messages and has no state
/// to guard, such as a `main` that collects results.
///
/// An inbox hands out [`address`](Self::address)es, and receives what is sent
/// to them as [`Request`]s: the message, and a [`ReplyTo`](crate::ReplyTo) by
/// which to answer if it was an ask. An inbox is bounded like an actor's
/// mailbox: when it is full, senders wait for a place. Messages come in the
/// order in which they were sent, whatever their priority. An inbox needs no
/// system.
///
/// Dropping an inbox closes it: senders get their message back with `Stopped`,
/// and asks that were not received are answered with `Stopped`.
///
/// ```
/// use conclib::prelude::*;
///
/// #[message(reply = u64)]
/// struct Double(u64);
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let mut inbox = Inbox::<Double>::new(16);
///     let address = inbox.address();
///     let asker = tokio::spawn(async move {
///         address.ask(Double(1)).tell().await.unwrap();
///         address.ask(Double(4)).await
///     });
///     let mut received = Vec::new();
///     while let Some(request) = inbox.recv().await {
///         let Double(n) = request.message;
///         received.push(n);
///         request.reply.send(2 * n);
///     }
///     assert_eq!(received, [1, 4]);
///     assert_eq!(asker.await.unwrap()?, 8);
///     Ok(())
/// }
/// ```
pub struct Inbox<M: Message> {
    post: Arc<Post<M>>,
    /// Requests taken out of the mailbox and not received yet.
    batch: VecDeque<Request<M>>,
}

/// State that an inbox and its addresses share.
struct Post<M: Message> {
    mailbox: Mailbox<Request<M>>,
    /// Waker for the task that receives. The mailbox keeps its first waker for
    /// ever, so that waker is this relay, which wakes the task that polled
    /// last.
    receiver: Arc<ForwardingWaker>,
    /// Name of the inbox, made when a caller first asks for it.
    urn: OnceLock<Urn>,
    /// Number of addresses that are left; the clones of a recipient share one
    /// address.
    addresses: AtomicUsize,
}

impl<M: Message> Inbox<M> {
    /// Makes an inbox in which `capacity` messages wait at most; one at least.
    pub fn new(capacity: usize) -> Self {
        let receiver = Arc::<ForwardingWaker>::default();
        let mailbox = Mailbox::new(capacity, Overflow::Wait);
        mailbox.register(&Waker::from(receiver.clone()));
        Self {
            post: Arc::new(Post {
                mailbox,
                receiver,
                urn: OnceLock::new(),
                addresses: AtomicUsize::new(0),
            }),
            batch: VecDeque::new(),
        }
    }

    /// Makes an address, to send to this inbox.
    pub fn address(&self) -> Recipient<M> {
        self.post.addresses.fetch_add(1, Ordering::Relaxed);
        Recipient::new(Address(self.post.clone()))
    }

    /// Name of the inbox, for errors. No other inbox or actor has it.
    pub fn urn(&self) -> Urn {
        self.post.urn()
    }

    /// Receives the next message. `None` when all have been received and no
    /// address is left: then none can come before there is a new
    /// [`address`](Self::address).
    ///
    /// # Cancel safety
    /// Dropping the future loses no message.
    pub fn recv(&mut self) -> impl Future<Output = Option<Request<M>>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Receives the next message, if one is here. Never waits.
    pub fn try_recv(&mut self) -> Option<Request<M>> {
        match self.post.mailbox.poll_next(&mut self.batch) {
            Poll::Ready(true) => self.batch.pop_front(),
            _ => None,
        }
    }

    /// Number of messages that wait.
    pub fn len(&self) -> usize {
        self.post.mailbox.depth()
    }

    /// Tells whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Request<M>>> {
        let budget = ready!(coop::poll_proceed(cx));
        let mut next = self.try_recv();
        if next.is_none() {
            // Registered before the final checks, so that a message or a
            // dropped address after them wakes the task.
            self.post.receiver.register(cx.waker());
            let is_left = self.post.addresses.load(Ordering::Acquire) == 0;
            next = self.try_recv();
            if next.is_none() && !is_left {
                return Poll::Pending;
            }
        }
        budget.made_progress();
        Poll::Ready(next)
    }
}

impl<M: Message> Default for Inbox<M> {
    /// Makes an inbox of [`DEFAULT_MAILBOX`] places.
    fn default() -> Self {
        Self::new(DEFAULT_MAILBOX)
    }
}

impl<M: Message> Drop for Inbox<M> {
    fn drop(&mut self) {
        self.post.mailbox.end(&mut self.batch);
        for request in self.batch.drain(..) {
            log::dropped_with_its_inbox(&*self.post, M::NAME);
            // A message may panic as it is dropped: the others are answered
            // all the same.
            let refuse = || request.refuse(Failure::Stopped(Delivery::NotDelivered));
            drop(catch_unwind(AssertUnwindSafe(refuse)));
        }
    }
}

impl<M: Message> fmt::Debug for Inbox<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("message", &M::NAME)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<M: Message> Named for Post<M> {
    fn urn(&self) -> Urn {
        self.urn.get_or_init(Urn::anonymous).clone()
    }
}

/// Address of an inbox, behind a recipient. The last address that is dropped
/// wakes the inbox.
struct Address<M: Message>(Arc<Post<M>>);

impl<M: Message> Drop for Address<M> {
    fn drop(&mut self) {
        if self.0.addresses.fetch_sub(1, Ordering::Release) == 1 {
            self.0.receiver.wake_by_ref();
        }
    }
}

impl<M: Message> Named for Address<M> {
    fn urn(&self) -> Urn {
        self.0.urn()
    }
}

impl<M: Message> Target<M> for Address<M> {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        let mailbox = &self.0.mailbox;
        if outbound.ticket.is_none() {
            match mailbox.try_push(&mut outbound.request, LAST, false, |request| request) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(Refused::Full) => {}
                Err(Refused::Closed) => {
                    return Poll::Ready(Err(Failure::Stopped(Delivery::NotDelivered)));
                }
            }
        }
        let Outbound {
            ticket, request, ..
        } = outbound;
        mailbox
            .poll_push(cx, ticket, request, LAST, |request| request)
            .map_err(|()| Failure::Stopped(Delivery::NotDelivered))
    }

    fn try_tell(&self, message: M, _: u8) -> Result<(), TellError<M>> {
        let mut request = Some(Request::tell(message));
        let mailbox = &self.0.mailbox;
        let pushed = mailbox.try_push(&mut request, LAST, false, |request| request);
        match (pushed, request) {
            (Err(refused), Some(request)) => Err(refused.into_tell_error(self.urn(), request)),
            _ => Ok(()),
        }
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        if let Some(ticket) = outbound.ticket.take() {
            self.0.mailbox.leave(ticket);
        }
    }

    fn to_named(&self) -> Arc<dyn Named> {
        self.0.clone()
    }
}
