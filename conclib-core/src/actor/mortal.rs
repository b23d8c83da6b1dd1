//! What can end from outside, wherever it waits: a life by a kill, and one
//! incarnation of it by its supervisor.

use std::future::{Future, pending};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use super::birth::Birth;
use super::cell::Cell;
use super::signal::{Alert, Signal};
use super::supervise::kill_children;
use super::{Actor, Directive};
use crate::current;
use crate::named::Named;
use conclib_wire::Fault;
use conclib_wire::{State, StopReason};

pin_project_lite::pin_project! {
    /// A life that a kill ends, wherever it waits.
    pub(super) struct Mortal<A: Actor, F> {
        // Dropped before the end is told.
        #[pin]
        stage: Stage<F>,
        end: LastWord<A>,
    }
}

pin_project_lite::pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        Lives { #[pin] life: F },
        /// It was killed, and its state is gone; the end is told after those
        /// of its children.
        Waits { children: Pin<Box<dyn Future<Output = ()> + Send>> },
        Over,
    }
}

/// Tells of an end that the life itself did not come to tell of.
struct LastWord<A: Actor>(Arc<Cell<A>>);

impl<A: Actor> LastWord<A> {
    fn tell(&self) {
        if self.0.ending.state() != State::Stopped {
            self.0.end(StopReason::Killed, None);
        }
    }
}

impl<A: Actor> Drop for LastWord<A> {
    fn drop(&mut self) {
        self.tell();
    }
}

impl<A: Actor, F> Mortal<A, F> {
    pub(super) fn new(cell: Arc<Cell<A>>, life: F) -> Self {
        Self {
            stage: Stage::Lives { life },
            end: LastWord(cell),
        }
    }
}

impl<A: Actor, F: Future<Output = ()>> Future for Mortal<A, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<()> {
        let mut this = self.project();
        let cell = &this.end.0;
        cell.mailbox.register(cx.waker());
        let _inside = cell.watch.poll();
        if cell.mailbox.signal() == Signal::Kill {
            kill(cell, this.stage.as_mut());
        }
        match this.stage.project() {
            StageProjection::Lives { life } => {
                return current::scope(
                    cell.id,
                    &cell.turn,
                    || life.poll(cx),
                    || cell.system.waits.poll_ended(cell.id),
                );
            }
            StageProjection::Waits { children } => ready!(children.as_mut().poll(cx)),
            StageProjection::Over => {}
        }
        this.end.tell();
        Poll::Ready(())
    }
}

/// Drops what is left of a life that was killed.
#[cold]
fn kill<A: Actor, F>(cell: &Arc<Cell<A>>, mut stage: Pin<&mut Stage<F>>) {
    if !matches!(*stage, Stage::Lives { .. }) {
        return;
    }
    discard(cell, || stage.set(Stage::Over));
    if cell.kin().is_some_and(|kin| kin.count() > 0) {
        let children = Box::pin(end_with(cell.clone()));
        stage.set(Stage::Waits { children });
    }
}

/// Waits for ever in an actor that was killed, so that its life ends here.
/// Comes before every hook: after a kill none runs.
pub(super) async fn unless_killed<A: Actor>(cell: &Cell<A>) {
    if cell.mailbox.signal() == Signal::Kill {
        // The kill wakes the task, and the next poll drops this.
        pending::<()>().await;
    }
}

/// Drops what belongs to an actor, which may panic as it goes: with what.
pub(super) fn discard<A: Actor>(cell: &Cell<A>, drop: impl FnOnce()) -> Option<Box<Fault>> {
    let panic = catch_unwind(AssertUnwindSafe(drop)).err()?;
    let fault = Fault::panic(&*panic);
    tracing::error!(target: "conclib", urn = %cell.urn(), %fault, "the state panicked as it was dropped");
    Some(Box::new(fault))
}

/// Ends the children of one that was killed.
async fn end_with<A: Actor>(cell: Arc<Cell<A>>) {
    if let Some(kin) = cell.kin() {
        kill_children(kin, false).await;
    }
}

/// Why an incarnation ended, and what its `#[on(error)]` wants for that.
pub(super) type Ended = (StopReason, Option<Directive>);

pin_project_lite::pin_project! {
    /// An incarnation, which its supervisor may end without ending the actor.
    /// It has the cell of an actor that is started again.
    pub(super) struct Incarnation<A: Actor, B, F> {
        cell: Option<Arc<Cell<A>>>,
        // None once its supervisor has ended it.
        #[pin]
        life: Option<F>,
        birth: PhantomData<fn() -> B>,
    }
}

impl<A: Actor, B, F> Incarnation<A, B, F> {
    pub(super) fn new(cell: Option<Arc<Cell<A>>>, life: F) -> Self {
        Self {
            cell,
            life: Some(life),
            birth: PhantomData,
        }
    }
}

impl<A: Actor, B: Birth<A>, F: Future<Output = Ended>> Future for Incarnation<A, B, F> {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Ended> {
        let mut this = self.project();
        let Some(life) = this.life.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if !B::RENEWS {
            return life.poll(cx);
        }
        if let Some(cell) = this.cell
            && cell.mailbox.is_alerted(Alert::Abort)
        {
            // It took too long to end by itself.
            let reason = match cell.mailbox.signal() {
                Signal::None => StopReason::Recycled,
                _ => StopReason::Killed,
            };
            discard(cell, || this.life.set(None));
            return Poll::Ready((reason, None));
        }
        catch_unwind(AssertUnwindSafe(|| life.poll(cx))).unwrap_or_else(|panic| {
            let fault = Box::new(Fault::panic(&*panic));
            Poll::Ready((StopReason::Panicked(fault), None))
        })
    }
}
