//! Driver of a stream that a handler answers with, which runs beside the turns of the
//! actor.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use conclib_wire::{Failure, Fault};
use futures_core::Stream;

use crate::catch::catch_poll;
use crate::message::Message;
use crate::node::{Actor, ConcurrentHandler, Context, Turn};
use crate::reply::{CREDIT, ItemSender, Items, ReplyTo, pipe};
use crate::turn_scope;

/// Reply that consists of many items.
#[doc(hidden)]
pub trait Many {
    type Item;

    fn of(items: Items<Self::Item>) -> Self;
}

impl<T> Many for Items<T> {
    type Item = T;

    fn of(items: Self) -> Self {
        items
    }
}

/// Runs a handler that answers with a stream: the asker gets the [`Items`] at once, and
/// the stream fills them beside the turns of the actor.
#[doc(hidden)]
pub fn stream<M, A, S>(
    ctx: &mut Context<A>,
    index: usize,
    reply: ReplyTo<M::Reply, M::Error>,
    handler: Result<S, Box<Fault>>,
) -> Turn
where
    M: Message<Reply: Many<Item = S::Item>>,
    A: Actor,
    S: Stream<Item: Send> + Send + 'static,
{
    let stream = match handler {
        Ok(stream) => stream,
        Err(fault) => {
            reply.refuse(Failure::Panicked(fault.clone()));
            return Turn::Panicked(fault);
        }
    };
    if !reply.was_asked() {
        let turn = given_up(stream);
        match &turn {
            Turn::Panicked(fault) => reply.refuse(Failure::Panicked(fault.clone())),
            _ => reply.handled(),
        }
        return turn;
    }
    let (sender, receiver) = pipe();
    reply.send(M::Reply::of(Items::here(receiver, Box::new(ctx.me()))));
    let driver = Box::pin(StreamDriver {
        stream: Some(stream),
        sender: Some(sender),
    });
    let from = ctx.from();
    ctx.inputs()
        .sources
        .run_concurrently(ConcurrentHandler::stream(index, from, driver));
    Turn::Done
}

/// Drops a stream that no asker reads. A user's stream may panic as it is dropped,
/// which is then the outcome of the turn.
fn given_up<S>(stream: S) -> Turn {
    match catch_unwind(AssertUnwindSafe(|| drop(stream))) {
        Ok(()) => Turn::Done,
        Err(panic) => Turn::Panicked(Box::new(Fault::panic(&*panic))),
    }
}

pin_project_lite::pin_project! {
    /// Moves the items of a stream to their reader, as there is room. A drop before the
    /// end of the stream, when its actor ends, tells the reader so.
    struct StreamDriver<S: Stream> {
        #[pin]
        stream: Option<S>,
        sender: Option<ItemSender<S::Item>>,
    }
}

impl<S: Stream> Future for StreamDriver<S> {
    type Output = Turn;

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Turn> {
        let mut this = self.project();
        for _ in 0..CREDIT {
            let (Some(stream), Some(sender)) = (this.stream.as_mut().as_pin_mut(), &this.sender)
            else {
                return Poll::Ready(Turn::Done);
            };
            // Polled first, since this registers the waker that is woken when the
            // reader leaves.
            let end = match ready!(sender.poll_room(cx)) {
                false => Ok(()),
                true => match ready!(poll_stream(stream, cx)) {
                    Ok(Some(item)) => {
                        sender.push(item);
                        continue;
                    }
                    Ok(None) => Ok(()),
                    Err(fault) => Err(fault),
                },
            };
            let dropped = catch_unwind(AssertUnwindSafe(|| this.stream.set(None)));
            let dropped = dropped.map_err(|panic| Box::new(Fault::panic(&*panic)));
            let failure = end.and(dropped);
            if let Some(sender) = this.sender.take() {
                sender.finish(failure.clone().map_err(Failure::Panicked));
            }
            return Poll::Ready(match failure {
                Ok(()) => Turn::Done,
                Err(fault) => Turn::Panicked(fault),
            });
        }
        // Yields, so that a stream that is always ready does not keep its actor from
        // other work.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn poll_stream<S: Stream>(
    mut stream: Pin<&mut S>,
    cx: &mut Poller<'_>,
) -> Poll<Result<Option<S::Item>, Box<Fault>>> {
    let mut next = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx));
    let polled = catch_poll(Pin::new(&mut next), cx);
    if turn_scope::wants_asker() {
        // A stream is dropped when its reader leaves, so no notice of that is needed.
        drop(turn_scope::take_interest());
    }
    polled.map_err(|panic| Box::new(Fault::panic(&*panic)))
}
