//! One turn: a handler runs, and its answer goes to whoever asked.

use std::any::Any;
use std::error::Error;
use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Actor;
use super::beside::Beside;
use crate::current;
use crate::error::{Delivery, Failure};
use crate::fault::{Fault, HandlerError};
use crate::message::{Message, Never};
use crate::observe::Watched;
use crate::reply::{Deferred, ReplyTo};
use crate::waits::WaitNumber;

/// How a turn ended.
#[derive(Debug)]
pub enum Turn {
    /// The handler ran, and whoever asked has its answer, or will.
    Done,
    /// It ran, and whoever asked has its answer later: that wait is none for
    /// this actor any more.
    Later(Option<WaitNumber>),
    /// It answered with an error of the domain.
    Refused,
    /// It failed, and nobody was asking.
    Failed(Box<HandlerError>),
    /// It panicked; whoever asked knows.
    Panicked(Box<Fault>),
}

pin_project_lite::pin_project! {
    /// A future that turns a panic into a value.
    pub(crate) struct Caught<F> {
        #[pin]
        future: F,
    }
}

/// Runs a hook, and makes a panic of it a fault.
pub(crate) fn caught<F: Future>(future: F) -> Caught<F> {
    Caught { future }
}

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<Fault>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        catch_poll(self.project().future, cx).map_err(|panic| Box::new(Fault::panic(&*panic)))
    }
}

/// The state that a handler leaves behind when it panics is only used to run
/// `#[on(stop)]` and is dropped then, which is why this is unwind safe enough.
pub(super) fn catch_poll<F: Future>(
    future: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, Box<dyn Any + Send>>> {
    match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

/// Whom a running handler answers. Dropped before that it was killed, and
/// whoever asked is told so.
///
/// Every turn drops one that has answered, so it is kept from dropping an
/// empty place piece by piece: one look is enough.
struct Asked<T, E>(ManuallyDrop<ReplyTo<T, E>>);

impl<T, E> Asked<T, E> {
    fn new(reply: ReplyTo<T, E>) -> Self {
        Self(ManuallyDrop::new(reply))
    }

    fn take(&mut self) -> ReplyTo<T, E> {
        let nobody = ManuallyDrop::new(ReplyTo::nobody());
        ManuallyDrop::into_inner(mem::replace(&mut self.0, nobody))
    }
}

impl<T, E> Drop for Asked<T, E> {
    #[inline]
    fn drop(&mut self) {
        if !self.0.is_nobody() {
            self.take().refuse(Failure::Stopped(Delivery::MayHaveRun));
        }
    }
}

pin_project_lite::pin_project! {
    /// A handler that runs, with the place for its answer.
    struct Answering<F, T, E, A> {
        #[pin]
        handler: F,
        asked: Asked<T, E>,
        answer: A,
    }
}

impl<F, T, E, A> Answering<F, T, E, A> {
    fn new(handler: F, reply: ReplyTo<T, E>, answer: A) -> Self {
        let asked = Asked::new(reply);
        Self {
            handler,
            asked,
            answer,
        }
    }
}

impl<F, T, E, A> Future for Answering<F, T, E, A>
where
    F: Future,
    A: Fn(ReplyTo<T, E>, F::Output) -> Turn,
{
    type Output = Turn;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn> {
        let this = self.project();
        let polled = catch_poll(this.handler, cx);
        if polled.is_pending() && current::wants_asker() {
            look_for_asker(&mut this.asked.0);
        }
        let output = ready!(polled);
        let reply = this.asked.take();
        Poll::Ready(match output {
            // A reply that nobody wants any more may panic as it is dropped.
            Ok(output) => {
                let answer = || (this.answer)(reply, output);
                catch_unwind(AssertUnwindSafe(answer))
                    .unwrap_or_else(|panic| Turn::Panicked(Box::new(Fault::panic(&*panic))))
            }
            Err(panic) => {
                let fault = Box::new(Fault::panic(&*panic));
                reply.refuse(Failure::Panicked(fault.clone()));
                Turn::Panicked(fault)
            }
        })
    }
}

/// The handler waits for its asker to leave: it is woken when that is so.
#[cold]
fn look_for_asker<T, E>(reply: &mut ReplyTo<T, E>) {
    if let Some(interest) = current::take_interest() {
        let mut cx = Context::from_waker(&interest.waker);
        if reply.poll_closed(&mut cx).is_ready() {
            interest.gone();
        }
    }
}

/// A handler whose value is the reply.
#[doc(hidden)]
pub fn answer<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    handler: impl Future<Output = M::Reply>,
) -> impl Future<Output = Turn> {
    Answering::new(
        handler,
        reply,
        |reply: ReplyTo<M::Reply, M::Error>, value| {
            reply.send(value);
            Turn::Done
        },
    )
}

/// A handler that returns a reply or an error of the domain.
#[doc(hidden)]
pub fn answer_result<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    handler: impl Future<Output = Result<M::Reply, M::Error>>,
) -> impl Future<Output = Turn> {
    Answering::new(
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
            Err(error) => Turn::Failed(Box::new(HandlerError {
                message: M::NAME,
                error: Box::<dyn Error + Send + Sync>::from(error),
            })),
        },
    )
}

/// A handler that answers later.
#[doc(hidden)]
pub fn answer_deferred<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    handler: impl Future<Output = Deferred<M::Reply, M::Error>>,
) -> impl Future<Output = Turn> {
    Answering::new(
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
pub fn may_pass_on<A: Actor, T, E>(ctx: &mut crate::Context<A>, reply: &ReplyTo<T, E>) {
    ctx.may_pass_on(reply);
}

/// Calls what makes the future of a concurrent handler; a panic is a fault.
#[doc(hidden)]
pub fn attempt<F>(make: impl FnOnce() -> F) -> Result<F, Box<Fault>> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|panic| Box::new(Fault::panic(&*panic)))
}

/// A concurrent handler: it runs beside the turns, which go on.
#[doc(hidden)]
pub fn beside<A, T, E, F, G>(
    ctx: &mut crate::Context<A>,
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
            let turn = Box::pin(Watched::new(answer(reply, handler), observed));
            let beside = Beside::new(index, ctx.from(), ctx.due(), turn);
            ctx.sources().run_beside(beside);
            ctx.count_beside();
            Turn::Later(wait)
        }
        Err(fault) => {
            reply.refuse(Failure::Panicked(fault.clone()));
            Turn::Panicked(fault)
        }
    }
}

/// A handler for what is not declared: it answers through its envelope.
#[doc(hidden)]
pub fn answer_fallback(handler: impl Future<Output = ()>) -> impl Future<Output = Turn> {
    Answering::new(
        handler,
        ReplyTo::<(), Never>::nobody(),
        |_: ReplyTo<(), Never>, ()| Turn::Done,
    )
}
