//! What can end from outside, wherever it waits: a life by a kill, and one
//! incarnation of it by its supervisor.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use super::birth::Birth;
use super::{Actor, Alert, Cell, Directive, Signal, StopReason};
use crate::current;
use crate::fault::Fault;

pin_project_lite::pin_project! {
    /// A life that a kill ends, wherever it waits.
    pub(super) struct Mortal<A: Actor, F> {
        #[pin]
        life: Option<F>,
        cell: Arc<Cell<A>>,
    }
}

impl<A: Actor, F> Mortal<A, F> {
    pub(super) fn new(cell: Arc<Cell<A>>, life: F) -> Self {
        let life = Some(life);
        Self { life, cell }
    }
}

impl<A: Actor, F: Future<Output = ()>> Future for Mortal<A, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<()> {
        let mut this = self.project();
        this.cell.mailbox.register(cx.waker());
        let _inside = this.cell.watch.poll();
        if this.cell.mailbox.signal() == Signal::Kill {
            this.life.set(None);
        }
        match this.life.as_pin_mut() {
            Some(life) => current::scope(this.cell.id, &this.cell.turn, || life.poll(cx)),
            None => Poll::Ready(()),
        }
    }
}

/// Why an incarnation ended, and what its `#[on(error)]` wants for that.
pub(super) type Ended = (StopReason, Option<Directive>);

pin_project_lite::pin_project! {
    /// An incarnation, which its supervisor may end without ending the actor.
    /// It has the cell of an actor that is started again.
    pub(super) struct Incarnation<A: Actor, B, F> {
        cell: Option<Arc<Cell<A>>>,
        #[pin]
        life: F,
        birth: PhantomData<fn() -> B>,
    }
}

impl<A: Actor, B, F> Incarnation<A, B, F> {
    pub(super) fn new(cell: Option<Arc<Cell<A>>>, life: F) -> Self {
        Self {
            cell,
            life,
            birth: PhantomData,
        }
    }
}

impl<A: Actor, B: Birth<A>, F: Future<Output = Ended>> Future for Incarnation<A, B, F> {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Ended> {
        let this = self.project();
        if !B::RENEWS {
            return this.life.poll(cx);
        }
        if let Some(cell) = this.cell
            && cell.mailbox.is_alerted(Alert::Abort)
        {
            // It took too long to end by itself.
            let reason = match cell.mailbox.signal() {
                Signal::None => StopReason::Recycled,
                _ => StopReason::Killed,
            };
            return Poll::Ready((reason, None));
        }
        // A state may panic as it is dropped.
        catch_unwind(AssertUnwindSafe(|| this.life.poll(cx))).unwrap_or_else(|panic| {
            let fault = Box::new(Fault::panic(&*panic));
            Poll::Ready((StopReason::Panicked(fault), None))
        })
    }
}
