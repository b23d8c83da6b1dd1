//! Requests of one message that are handled in one turn.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context as Poller, Poll, ready};

use conclib_wire::{Failure, Fault};
use tokio::time::{Sleep, sleep};

use super::turn::PendingReply;
use crate::error::{HandlerError, MessageError};
use crate::events::DeadLetterCause;
use crate::message::Message;
use crate::node::{Actor, BatchLimits, Context, Filling, Messages, Turn};
use crate::reply::{AnyRequest, Request};
use crate::time::timers;

/// Requests of one message that are handled in one turn. Each is by itself while it waits in the
/// mailbox.
#[doc(hidden)]
pub struct Batch<M: Message> {
    first: Request<M>,
    others: Vec<Request<M>>,
}

impl<M: Message> Batch<M> {
    /// Creates a batch of one request.
    pub const fn new(first: Request<M>) -> Self {
        let others = Vec::new();
        Self { first, others }
    }

    /// Returns the first request, for what the loop reads before the turn.
    pub const fn first(&self) -> &Request<M> {
        &self.first
    }

    /// Returns the only request of a batch that waits.
    pub fn request(&mut self) -> &mut dyn AnyRequest {
        &mut self.first
    }

    /// Returns the number of requests.
    #[expect(clippy::len_without_is_empty, reason = "a batch has a first request")]
    pub const fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// Adds the request of a batch of one.
    pub fn join(&mut self, next: Self) {
        self.others.push(next.first);
    }

    /// Returns the parameter of each request, and the replies that the handler owes.
    pub fn split<T>(self, parameter: fn(M) -> T) -> (Vec<T>, Replies<M>) {
        let requests = iter::once(self.first).chain(self.others);
        let (parameters, replies) = requests
            .map(|request| (parameter(request.message), PendingReply::new(request.reply)))
            .unzip();
        (parameters, Replies(replies))
    }
}

/// Replies to the requests of a batch.
#[doc(hidden)]
pub struct Replies<M: Message>(VecDeque<PendingReply<M::Reply, M::Error>>);

/// Answers to the requests of a batch.
type Answers<M> = Vec<Result<<M as Message>::Reply, <M as Message>::Error>>;

/// Answer of a handler to a batch of requests: `Vec<R>` with a reply for each, in their order, or
/// nothing; or a `Result` of either, whose error each asker gets.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer to a batch of requests",
    label = "return `Vec<R>`, with one reply for each request, or nothing, or a `Result` of these whose error is `Clone`"
)]
#[doc(hidden)]
pub trait BatchAnswer<R, E> {
    /// Returns the answer to each of `count` requests.
    ///
    /// # Panics
    /// The number of replies is not that of the requests.
    fn each(self, count: usize) -> Vec<Result<R, E>>;
}

impl<R, E> BatchAnswer<R, E> for Vec<R> {
    fn each(self, count: usize) -> Vec<Result<R, E>> {
        let replies = self.len();
        assert!(
            replies == count,
            "the handler of a batch of {count} requests returned {replies} replies: it returns one for each, in their order"
        );
        self.into_iter().map(Ok).collect()
    }
}

impl<E> BatchAnswer<(), E> for () {
    fn each(self, count: usize) -> Vec<Result<(), E>> {
        iter::repeat_with(|| Ok(())).take(count).collect()
    }
}

impl<R, E: Clone, T: BatchAnswer<R, E>> BatchAnswer<R, E> for Result<T, E> {
    fn each(self, count: usize) -> Vec<Result<R, E>> {
        match self {
            Ok(answers) => answers.each(count),
            Err(error) => iter::repeat_with(|| Err(error.clone()))
                .take(count)
                .collect(),
        }
    }
}

pin_project_lite::pin_project! {
    /// Future of a running handler of a batch, with the guards of its answers.
    struct RunningBatch<F, M: Message> {
        #[pin]
        handler: F,
        replies: Replies<M>,
    }
}

/// Runs a handler of a batch.
#[doc(hidden)]
pub fn answer_batch<M: Message>(
    replies: Replies<M>,
    handler: impl Future<Output = Answers<M>>,
) -> impl Future<Output = Turn> {
    RunningBatch { handler, replies }
}

impl<F, M> Future for RunningBatch<F, M>
where
    F: Future<Output = Answers<M>>,
    M: Message,
{
    type Output = Turn;

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Turn> {
        let this = self.project();
        let Replies(replies) = this.replies;
        let turn = || {
            let answers = ready!(this.handler.poll(cx));
            let mut turn = Turn::Done;
            // A value of a reply may panic as it is dropped: the askers behind it are told of the panic.
            for answer in answers {
                if let Some(reply) = replies.pop_front() {
                    answer_one::<M>(reply, answer, &mut turn);
                }
            }
            Poll::Ready(turn)
        };
        catch_unwind(AssertUnwindSafe(turn)).unwrap_or_else(|panic| {
            let fault = Box::new(Fault::panic(&*panic));
            for mut reply in replies.drain(..) {
                reply.take().refuse(Failure::Panicked(fault.clone()));
            }
            Poll::Ready(Turn::Panicked(fault))
        })
    }
}

/// Answers one request of a batch, and notes in `turn` how the whole turn ends.
fn answer_one<M: Message>(
    mut reply: PendingReply<M::Reply, M::Error>,
    answer: Result<M::Reply, M::Error>,
    turn: &mut Turn,
) {
    let reply = reply.take();
    match answer {
        Ok(value) => reply.send(value),
        Err(error) if reply.was_asked() => {
            reply.fail(error);
            if matches!(turn, Turn::Done) {
                *turn = Turn::Refused;
            }
        }
        Err(error) => {
            if !reply.is_nobody() {
                // A sender that waits for the end of the turn is told.
                reply.refuse(Failure::Fault(Box::new(error.fault())));
            }
            *turn = Turn::Failed(Box::new(HandlerError {
                message: M::NAME,
                error: error.into_boxed(),
            }));
        }
    }
}

/// Joins the requests to the first of `waiting` that are handled in its turn: those of the same
/// message that follow it directly in the mailbox, or come in time. Until then all of them wait.
#[doc(hidden)]
pub fn fill<'a, A: Actor>(
    ctx: &'a mut Context<A>,
    waiting: &'a mut VecDeque<A::Inbox>,
) -> Option<Filling<'a>> {
    let limits = waiting.front()?.batch_limits()?;
    Some(Box::pin(join(ctx, waiting, limits)))
}

async fn join<A: Actor>(
    ctx: &mut Context<A>,
    waiting: &mut VecDeque<A::Inbox>,
    limits: BatchLimits,
) {
    let turn = ctx.cell().stats.turn.swap(0, Ordering::Relaxed);
    let mut search = Search {
        limits,
        found: 1,
        time: None,
    };
    poll_fn(|cx| search.poll(ctx, waiting, cx)).await;
    let cell = ctx.cell();
    cell.stats.turn.store(turn, Ordering::Relaxed);
    let mut found = waiting.drain(..search.found);
    let Some(mut first) = found.next() else {
        return;
    };
    let mut joined = 0;
    for mut next in found {
        cell.meter.unqueued(1);
        if next.head().left {
            cell.dead_letter(&next, DeadLetterCause::AskerLeft);
            next.request().refuse(Failure::Cancelled);
        } else {
            first.join(next);
            joined += 1;
        }
    }
    waiting.push_front(first);
    if joined > 0 {
        let before = cell.stats.handled.load(Ordering::Relaxed);
        let handled = before + u64::from(joined);
        cell.stats.handled.store(handled, Ordering::Relaxed);
        // The turn is that of several askers.
        ctx.begin_other();
        ctx.joined = joined;
    }
}

/// Search for the requests that are handled in one turn.
struct Search {
    limits: BatchLimits,
    /// Number of them, at the front of those that wait.
    found: usize,
    time: Option<Pin<Box<Sleep>>>,
}

impl Search {
    /// Resolves when no more are found, or the batch is full.
    fn poll<A: Actor>(
        &mut self,
        ctx: &mut Context<A>,
        waiting: &mut VecDeque<A::Inbox>,
        cx: &mut Poller<'_>,
    ) -> Poll<()> {
        while self.found < self.limits.size {
            if let Some(next) = waiting.get(self.found) {
                if !waiting[0].joins(next) {
                    break;
                }
                self.found += 1;
                continue;
            }
            let mut more = VecDeque::new();
            match ctx.cell().mailbox.poll_next(&mut more) {
                Poll::Ready(true) => waiting.append(&mut more),
                // Something else than a message is to be handled.
                Poll::Ready(false) => break,
                Poll::Pending if self.limits.within.is_zero() || !timers::are_here() => break,
                Poll::Pending => {
                    let within = self.limits.within;
                    let time = self.time.get_or_insert_with(|| Box::pin(sleep(within)));
                    return time.as_mut().poll(cx);
                }
            }
        }
        Poll::Ready(())
    }
}
