//! Turns: a handler runs, and its answer goes to the asker.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use conclib_wire::{Delivery, Failure, Fault, Never};

use crate::error::{HandlerError, MessageError};
use crate::message::Message;
use crate::node::{Actor, ConcurrentHandler, Turn};
use crate::observe::Instrumented;
use crate::reply::{Deferred, ReplyTo};
use crate::turn_scope;

/// Guard of the answer of a running handler. A drop before the answer means that the
/// handler was killed, and tells the asker so.
///
/// Every turn drops one of these after its answer, so `ManuallyDrop` avoids dropping an
/// answered guard field by field: one check is enough.
pub(super) struct PendingReply<T, E>(ManuallyDrop<ReplyTo<T, E>>);

impl<T, E> PendingReply<T, E> {
    pub(super) fn new(reply: ReplyTo<T, E>) -> Self {
        Self(ManuallyDrop::new(reply))
    }

    pub(super) fn take(&mut self) -> ReplyTo<T, E> {
        let nobody = ManuallyDrop::new(ReplyTo::nobody());
        ManuallyDrop::into_inner(mem::replace(&mut self.0, nobody))
    }
}

impl<T, E> Drop for PendingReply<T, E> {
    #[inline]
    fn drop(&mut self) {
        if !self.0.is_nobody() {
            self.take().refuse(Failure::Stopped(Delivery::MayHaveRun));
        }
    }
}

pin_project_lite::pin_project! {
    /// Future of a running handler, with the guard of its answer.
    struct RunningHandler<F, T, E, A> {
        #[pin]
        handler: F,
        asked: PendingReply<T, E>,
        answer: A,
    }
}

impl<F, T, E, A> RunningHandler<F, T, E, A> {
    fn new(handler: F, reply: ReplyTo<T, E>, answer: A) -> Self {
        let asked = PendingReply::new(reply);
        Self {
            handler,
            asked,
            answer,
        }
    }
}

impl<F, T, E, A> Future for RunningHandler<F, T, E, A>
where
    F: Future,
    A: Fn(ReplyTo<T, E>, F::Output) -> Turn,
{
    type Output = Turn;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        let this = self.project();
        // The answer may panic too: if its asker has left, the reply is dropped.
        let turn = || {
            let output = ready!(this.handler.poll(cx));
            Poll::Ready((this.answer)(this.asked.take(), output))
        };
        match catch_unwind(AssertUnwindSafe(turn)) {
            Ok(Poll::Ready(turn)) => Poll::Ready(turn),
            Ok(Poll::Pending) => {
                if turn_scope::wants_asker() {
                    look_for_asker(&mut this.asked.0);
                }
                Poll::Pending
            }
            Err(panic) => {
                let fault = Box::new(Fault::panic(&*panic));
                // The handler panicked, unless the answer was taken.
                this.asked.take().refuse(Failure::Panicked(fault.clone()));
                Poll::Ready(Turn::Panicked(fault))
            }
        }
    }
}

/// Polls for the asker to leave, for a handler that waits for that, and wakes the
/// handler once the asker has left.
#[cold]
fn look_for_asker<T, E>(reply: &mut ReplyTo<T, E>) {
    if let Some(interest) = turn_scope::take_interest() {
        let mut cx = Context::from_waker(&interest.waker);
        if reply.poll_closed(&mut cx).is_ready() {
            interest.gone();
        }
    }
}

/// Runs a handler whose return value is the reply.
#[doc(hidden)]
pub fn answer<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    handler: impl Future<Output = M::Reply>,
) -> impl Future<Output = Turn> {
    RunningHandler::new(
        handler,
        reply,
        |reply: ReplyTo<M::Reply, M::Error>, value| {
            reply.send(value);
            Turn::Done
        },
    )
}

/// Runs a handler that returns a reply or an error of the domain.
#[doc(hidden)]
pub fn answer_result<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    handler: impl Future<Output = Result<M::Reply, M::Error>>,
) -> impl Future<Output = Turn> {
    RunningHandler::new(
        handler,
        reply,
        |reply: ReplyTo<M::Reply, M::Error>, result| match result {
            Ok(value) => {
                reply.send(value);
                Turn::Done
            }
            Err(error) if reply.was_asked() => {
                reply.fail(error);
                Turn::Refused
            }
            Err(error) => {
                if !reply.is_nobody() {
                    // A sender that waits for the end of the turn is told.
                    reply.refuse(Failure::Fault(Box::new(error.fault())));
                }
                Turn::Failed(Box::new(HandlerError {
                    message: M::NAME,
                    error: error.into_boxed(),
                }))
            }
        },
    )
}

/// Runs a handler that answers later.
#[doc(hidden)]
pub fn answer_deferred<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    handler: impl Future<Output = Deferred<M::Reply, M::Error>>,
) -> impl Future<Output = Turn> {
    RunningHandler::new(
        handler,
        reply,
        |reply: ReplyTo<M::Reply, M::Error>, deferred: Deferred<_, _>| {
            let wait = reply.wait();
            deferred.meet(reply);
            Turn::Later(wait)
        },
    )
}

/// Notes that the request of the turn that begins may be passed on.
#[doc(hidden)]
pub fn may_pass_on<A: Actor, T, E>(ctx: &mut crate::node::Context<A>, reply: &ReplyTo<T, E>) {
    ctx.may_pass_on(reply);
}

/// Calls the function that makes the future of a concurrent handler, and makes a fault
/// of its panic.
#[doc(hidden)]
pub fn attempt<F>(make: impl FnOnce() -> F) -> Result<F, Box<Fault>> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|panic| Box::new(Fault::panic(&*panic)))
}

/// Starts a concurrent handler, which runs beside the turns.
#[doc(hidden)]
pub fn beside<A, T, E, F, G>(
    ctx: &mut crate::node::Context<A>,
    index: usize,
    reply: ReplyTo<T, E>,
    handler: Result<F, Box<Fault>>,
    answer: impl FnOnce(ReplyTo<T, E>, F) -> G,
) -> Turn
where
    A: Actor,
    G: Future<Output = Turn> + Send + 'static,
{
    match handler {
        Ok(handler) => {
            let wait = reply.wait();
            reply.stands_aside();
            let observed = ctx.cell().watch.take();
            let turn = Box::pin(Instrumented::new(answer(reply, handler), observed));
            let beside = ConcurrentHandler::new(index, ctx.from(), ctx.due(), turn);
            ctx.inputs().sources.run_concurrently(beside);
            ctx.count_beside();
            Turn::Later(wait)
        }
        Err(fault) => {
            reply.refuse(Failure::Panicked(fault.clone()));
            Turn::Panicked(fault)
        }
    }
}

/// Runs the handler of undeclared messages, which answers through the envelope of the
/// request.
#[doc(hidden)]
pub fn answer_fallback(handler: impl Future<Output = ()>) -> impl Future<Output = Turn> {
    RunningHandler::new(
        handler,
        ReplyTo::<(), Never>::nobody(),
        |_: ReplyTo<(), Never>, ()| Turn::Done,
    )
}
