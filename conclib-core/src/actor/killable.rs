//! Futures that can be ended from outside, whatever they await: the task of an actor by
//! a kill, and one incarnation by the supervisor.

use std::future::{Future, pending};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use conclib_wire::{Fault, State, StopReason};

use super::factory::Birth;
use super::supervise::kill_children;
use crate::mailbox::{Alert, Signal};
use crate::named::Named;
use crate::node::{Actor, Cell};
use crate::supervision::Directive;
use crate::turn_scope;

pin_project_lite::pin_project! {
    /// Future of an actor's task, which a kill ends whatever it awaits.
    pub(crate) struct Mortal<A: Actor, F> {
        // Dropped before `end`, which announces the end of the actor.
        #[pin]
        stage: Stage<F>,
        end: LastWord<A>,
    }
}

pin_project_lite::pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        Lives { #[pin] life: F },
        /// The actor was killed, and its state is dropped; its end is announced after
        /// those of its children.
        Waits { children: Pin<Box<dyn Future<Output = ()> + Send>> },
        Over,
    }
}

/// Announces the end of an actor whose task was cut short before it did so.
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
    pub(crate) fn new(cell: Arc<Cell<A>>, life: F) -> Self {
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
                return turn_scope::scope(
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

/// Drops the running future of a killed actor, and has the children awaited, if there
/// are any.
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

/// Waits for ever if the actor was killed, so that its task ends here. Awaited before
/// every hook, since no hook runs after a kill.
pub(crate) async fn unless_killed<A: Actor>(cell: &Cell<A>) {
    if cell.mailbox.signal() == Signal::Kill {
        // The kill wakes the task, and the next poll drops this future.
        pending::<()>().await;
    }
}

/// Drops a value that belongs to an actor. Returns the panic if the drop panics.
pub(crate) fn discard<A: Actor>(cell: &Cell<A>, drop: impl FnOnce()) -> Option<Box<Fault>> {
    let panic = catch_unwind(AssertUnwindSafe(drop)).err()?;
    let fault = Fault::panic(&*panic);
    tracing::error!(target: "conclib", urn = %cell.urn(), %fault, "the state panicked as it was dropped");
    Some(Box::new(fault))
}

/// Ends the children of a killed actor.
async fn end_with<A: Actor>(cell: Arc<Cell<A>>) {
    if let Some(kin) = cell.kin() {
        kill_children(kin, false).await;
    }
}

/// Reason for which an incarnation ended, and the directive of its `#[on(error)]`, if
/// that hook ran.
pub(crate) type Ended = (StopReason, Option<Directive>);

pin_project_lite::pin_project! {
    /// Future of one incarnation, which the supervisor may end without ending the
    /// actor. Only an actor that can be restarted has its cell here.
    pub(crate) struct Incarnation<A: Actor, B, F> {
        cell: Option<Arc<Cell<A>>>,
        // `None` once the supervisor has ended the incarnation.
        #[pin]
        life: Option<F>,
        birth: PhantomData<fn() -> B>,
    }
}

impl<A: Actor, B, F> Incarnation<A, B, F> {
    pub(crate) fn new(cell: Option<Arc<Cell<A>>>, life: F) -> Self {
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
            // The incarnation took too long to end by itself.
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
