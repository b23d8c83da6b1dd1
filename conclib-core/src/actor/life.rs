//! The life of an actor: it is made, starts, serves, stops and is dropped.

use std::collections::VecDeque;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Poller, Poll, ready};

use tokio::task::coop;

use super::cell::Cell;
use super::ticks::Ticks;
use super::turn::caught;
use super::{Actor, Context, Create, Directive, Messages, Signal, State, StopReason, Turn};
use crate::current;
use crate::error::Failure;
use crate::events::{DeadLetterCause, Event};
use crate::fault::Fault;
use crate::wire::WireAsker;

/// Why an actor was not made or did not start.
type Failed = Box<dyn Error + Send + Sync>;

/// Where the state of an actor comes from.
#[doc(hidden)]
pub trait Birth<A: Actor>: Send + 'static {
    fn bear(self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send;
}

/// A value that the spawner gave.
#[doc(hidden)]
#[derive(Debug)]
pub struct Given<A>(pub(crate) A);

impl<A: Actor + Send> Birth<A> for Given<A> {
    fn bear(self, _: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send {
        std::future::ready(Ok(self.0))
    }
}

/// What `#[on(create)]` makes from its arguments.
#[doc(hidden)]
#[derive(Debug)]
pub struct Created<Args>(pub(crate) Args);

impl<A: Create> Birth<A> for Created<A::Args> {
    fn bear(self, ctx: &mut Context<A>) -> impl Future<Output = Result<A, Failed>> + Send {
        A::create(self.0, ctx)
    }
}

/// A life to be lived.
#[doc(hidden)]
pub struct Life<A: Actor, B> {
    cell: Arc<Cell<A>>,
    birth: B,
}

impl<A: Actor, B: Birth<A>> Life<A, B> {
    pub(crate) fn new(cell: Arc<Cell<A>>, birth: B) -> Self {
        Self { cell, birth }
    }

    /// Lives it.
    pub fn run(self) -> impl Future<Output = ()> {
        let Self { cell, birth } = self;
        let end = End {
            birth: Some(birth),
            ctx: Context::new(cell.clone()),
            batch: VecDeque::new(),
            reason: StopReason::Killed,
        };
        Mortal {
            life: Some(live(end)),
            cell,
        }
    }
}

pin_project_lite::pin_project! {
    /// A life that a kill ends, wherever it waits.
    struct Mortal<A: Actor, F> {
        #[pin]
        life: Option<F>,
        cell: Arc<Cell<A>>,
    }
}

impl<A: Actor, F: Future<Output = ()>> Future for Mortal<A, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<()> {
        let mut this = self.project();
        this.cell.mailbox.register(cx.waker());
        if this.cell.mailbox.signal() == Signal::Kill {
            this.life.set(None);
        }
        match this.life.as_pin_mut() {
            Some(life) => current::scope(this.cell.id, || life.poll(cx)),
            None => Poll::Ready(()),
        }
    }
}

/// Runs at every end, also when the life is dropped in its middle or before it
/// was polled: it is there before the state, so it is dropped after it.
struct End<A: Actor, B> {
    /// Taken when the actor is made.
    birth: Option<B>,
    ctx: Context<A>,
    /// What the loop took out of the mailbox and has not served.
    batch: VecDeque<A::Inbox>,
    reason: StopReason,
}

impl<A: Actor, B> Drop for End<A, B> {
    fn drop(&mut self) {
        // A state that never came to life goes before the end is told, too.
        self.birth = None;
        let reason = std::mem::replace(&mut self.reason, StopReason::Killed);
        if reason.is_failure() {
            tracing::error!(target: "conclib", urn = %self.ctx.urn(), %reason, "actor failed");
        }
        let cell = self.ctx.cell();
        if let Some(index) = cell.stats.turn.load(Ordering::Relaxed).checked_sub(1) {
            // Its turn was cut short, so nobody can say that it was handled.
            let name = A::Inbox::NAMES.get(index).copied().unwrap_or_default();
            cell.lost(name, self.ctx.from(), DeadLetterCause::Stopped);
        }
        cell.finish(&mut self.batch, reason);
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "a block keeps what it is given once; an `async fn` would keep it twice, in every idle actor"
)]
fn live<A: Actor, B: Birth<A>>(mut end: End<A, B>) -> impl Future<Output = ()> {
    async move {
        let end = &mut end;
        let Some(birth) = end.birth.take() else {
            return;
        };
        let mut actor = match start(birth, &mut end.ctx).await {
            Ok(actor) => actor,
            Err(fault) => {
                end.reason = StopReason::StartFailed(fault);
                return;
            }
        };
        let ctx = &mut end.ctx;
        ctx.cell().ending.advance(State::Running);
        ctx.cell().system.emit(|| Event::Started { urn: ctx.urn() });

        let reason = serve(&mut actor, ctx, &mut end.batch).await;
        ctx.cell().ending.advance(State::Stopping);
        match caught(actor.on_stop(&reason, ctx)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(target: "conclib", urn = %ctx.urn(), %error, "`#[on(stop)]` failed");
            }
            Err(fault) => {
                tracing::error!(target: "conclib", urn = %ctx.urn(), %fault, "`#[on(stop)]` panicked");
            }
        }
        end.reason = reason;
    }
}

async fn start<A: Actor, B: Birth<A>>(birth: B, ctx: &mut Context<A>) -> Result<A, Box<Fault>> {
    let made = caught(birth.bear(ctx)).await?;
    let mut actor = made.map_err(|error| Box::new(Fault::of(&*error)))?;
    let started = caught(actor.on_start(ctx)).await?;
    started.map_err(|error| Box::new(Fault::of(&*error)))?;
    Ok(actor)
}

/// Serves message after message until the actor is to end, and says why.
async fn serve<A: Actor>(
    actor: &mut A,
    ctx: &mut Context<A>,
    batch: &mut VecDeque<A::Inbox>,
) -> StopReason {
    let mut ticks = Ticks::start();
    loop {
        let Some(message) = next(ctx, &mut ticks, batch).await else {
            return end_reason(ctx.cell());
        };
        let turn = actor.turn(message, ctx).await;
        let index = ctx.cell().stats.ended();
        match turn {
            Turn::Done => {}
            Turn::Refused => {
                ctx.cell().stats.failed(None);
                tracing::info!(target: "conclib", urn = %ctx.urn(), "a handler answered with an error");
            }
            Turn::Failed(error) => {
                tracing::error!(target: "conclib", urn = %ctx.urn(), %error, "nobody was asking");
                let fault = Box::new(Fault::of(&*error));
                ctx.cell().stats.failed(Some(error.to_string()));
                match caught(actor.on_error(*error, ctx)).await {
                    Ok(Directive::Resume) => {}
                    Ok(Directive::Stop) => return StopReason::Failed(fault),
                    Err(fault) => return StopReason::Panicked(fault),
                }
            }
            Turn::Panicked(fault) => {
                ctx.cell().stats.failed(Some(fault.to_string()));
                let name = A::Inbox::NAMES.get(index).copied().unwrap_or_default();
                ctx.cell().lost(name, ctx.from(), DeadLetterCause::Panicked);
                return StopReason::Panicked(fault);
            }
        }
    }
}

/// The next message or tick, whose turn begins with it; `None` once the actor
/// is to end. A busy actor gives way to other tasks now and then, and a request
/// whose asker has left is skipped.
async fn next<A: Actor>(
    ctx: &mut Context<A>,
    ticks: &mut Option<Box<Ticks<A::Inbox>>>,
    batch: &mut VecDeque<A::Inbox>,
) -> Option<A::Inbox> {
    poll_fn(|cx| {
        loop {
            let budget = ready!(coop::poll_proceed(cx));
            let Some(message) = ready!(poll_next(ctx.cell(), ticks, batch, cx)) else {
                return Poll::Ready(None);
            };
            budget.made_progress();
            let head = message.head();
            if !head.asker.is_some_and(WireAsker::has_left) {
                ctx.begin(head);
                return Poll::Ready(Some(message));
            }
            ctx.cell().dead_letter(&message, DeadLetterCause::AskerLeft);
            message.refuse(Failure::Cancelled);
        }
    })
    .await
}

fn poll_next<A: Actor>(
    cell: &Cell<A>,
    ticks: &mut Option<Box<Ticks<A::Inbox>>>,
    batch: &mut VecDeque<A::Inbox>,
    cx: &mut Poller<'_>,
) -> Poll<Option<A::Inbox>> {
    match ticks {
        // Known when the actor is compiled: no ticks, no look at them. And
        // none comes to an actor that is to end.
        Some(ticks) if !A::Inbox::TICKS.is_empty() && cell.mailbox.signal() == Signal::None => {
            ticks.poll_next(cx, || cell.mailbox.poll_next(batch))
        }
        _ => cell.mailbox.poll_next(batch),
    }
}

fn end_reason<A: Actor>(cell: &Cell<A>) -> StopReason {
    match (cell.mailbox.signal(), cell.ending.asked()) {
        (Signal::Kill, _) => StopReason::Killed,
        (Signal::Now, StopReason::Shutdown) => StopReason::Shutdown,
        (Signal::Now, _) => StopReason::StoppedNow,
        (_, asked) => asked,
    }
}
