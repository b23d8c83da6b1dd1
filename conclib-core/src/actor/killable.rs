//! Futures that can be ended from outside, whatever they await: the task of an actor by
//! a kill, and one incarnation by the supervisor.

use std::any::Any;
use std::future::{Future, pending};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use conclib_wire::{Fault, State, StopReason};

use super::factory::Factory;
use super::supervise::kill_children;
use crate::catch::catch;
use crate::mailbox::{Alert, Signal};
use crate::named::Named;
use crate::node::{Actor, ActorCell, AnyActor};
use crate::observe::log;
use crate::supervision::Directive;
use crate::turn_scope;

pin_project_lite::pin_project! {
    /// Future of an actor's task, which a kill ends whatever it awaits.
    pub(crate) struct Killable<A: Actor, F> {
        // Dropped before `end`, which announces the end of the actor.
        #[pin]
        stage: TaskStage<F>,
        end: EndGuard<A>,
    }
}

pin_project_lite::pin_project! {
    #[project = TaskStageProjection]
    enum TaskStage<F> {
        Lives { #[pin] life: F },
        /// The actor was killed, and its state is dropped; its end is announced after
        /// those of its children.
        Waits { children: Pin<Box<dyn Future<Output = ()> + Send>> },
        Over,
    }
}

/// Announces the end of an actor whose task was cut short before it did so.
struct EndGuard<A: Actor>(Arc<ActorCell<A>>);

impl<A: Actor> EndGuard<A> {
    fn tell(&self) {
        if self.0.lifecycle.state() != State::Stopped {
            self.0.end(StopReason::Killed, None);
        }
    }
}

impl<A: Actor> Drop for EndGuard<A> {
    fn drop(&mut self) {
        self.tell();
    }
}

impl<A: Actor, F> Killable<A, F> {
    pub(crate) fn new(cell: Arc<ActorCell<A>>, life: F) -> Self {
        Self {
            stage: TaskStage::Lives { life },
            end: EndGuard(cell),
        }
    }
}

impl<A: Actor, F: Future<Output = ()>> Future for Killable<A, F> {
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
            TaskStageProjection::Lives { life } => {
                return turn_scope::scope(
                    cell.id,
                    &cell.turn,
                    || life.poll(cx),
                    || cell.system.waits.poll_ended(cell.id),
                );
            }
            TaskStageProjection::Waits { children } => ready!(children.as_mut().poll(cx)),
            TaskStageProjection::Over => {}
        }
        this.end.tell();
        Poll::Ready(())
    }
}

/// Drops the running future of a killed actor, and has the children awaited, if there
/// are any.
#[cold]
fn kill<A: Actor, F>(cell: &Arc<ActorCell<A>>, mut stage: Pin<&mut TaskStage<F>>) {
    if !matches!(*stage, TaskStage::Lives { .. }) {
        return;
    }
    discard_by(&**cell, &mut || stage.set(TaskStage::Over));
    if cell
        .relations()
        .is_some_and(|relations| relations.count() > 0)
    {
        let children = Box::pin(end_with(cell.clone()));
        stage.set(TaskStage::Waits { children });
    }
}

/// Waits for ever if the actor was killed, so that its task ends here. Awaited before
/// every hook, since no hook runs after a kill.
pub(crate) async fn unless_killed(signal: Signal) {
    if signal == Signal::Kill {
        // The kill wakes the task, and the next poll drops this future.
        pending::<()>().await;
    }
}

/// Drops a value that belongs to an actor. Returns the panic if the drop panics.
pub(crate) fn discard<T>(owner: &dyn Named, value: T) -> Option<Box<Fault>> {
    let mut value = Some(value);
    discard_by(owner, &mut || drop(value.take()))
}

/// Same as [`discard`], for a value that `drop` drops where it is.
fn discard_by(owner: &dyn Named, drop: &mut dyn FnMut()) -> Option<Box<Fault>> {
    match catch(drop) {
        Ok(()) => None,
        Err(panic) => Some(drop_panicked(owner, &*panic)),
    }
}

#[cold]
fn drop_panicked(owner: &dyn Named, panic: &(dyn Any + Send)) -> Box<Fault> {
    let fault = Fault::panic(panic);
    log::drop_panicked(owner, &fault);
    Box::new(fault)
}

/// Ends the children of a killed actor.
async fn end_with(cell: Arc<dyn AnyActor>) {
    if let Some(relations) = cell.relations() {
        kill_children(relations, false).await;
    }
}

/// Reason for which an incarnation ended, and the directive of its `#[on(error)]`, if
/// that hook ran.
pub(crate) type ActorEnd = (StopReason, Option<Directive>);

pin_project_lite::pin_project! {
    /// Future of one incarnation, which the supervisor may end without ending the
    /// actor. Only an actor that can be restarted has its cell here.
    pub(crate) struct Incarnation<A: Actor, B, F> {
        cell: Option<Arc<ActorCell<A>>>,
        // `None` once the supervisor has ended the incarnation.
        #[pin]
        life: Option<F>,
        factory: PhantomData<fn() -> B>,
    }
}

impl<A: Actor, B, F> Incarnation<A, B, F> {
    pub(crate) fn new(cell: Option<Arc<ActorCell<A>>>, life: F) -> Self {
        Self {
            cell,
            life: Some(life),
            factory: PhantomData,
        }
    }
}

impl<A: Actor, B: Factory<A>, F: Future<Output = ActorEnd>> Future for Incarnation<A, B, F> {
    type Output = ActorEnd;

    fn poll(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<ActorEnd> {
        let mut this = self.project();
        let Some(life) = this.life.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if !B::RESTARTS {
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
            discard_by(&**cell, &mut || this.life.set(None));
            return Poll::Ready((reason, None));
        }
        catch_unwind(AssertUnwindSafe(|| life.poll(cx))).unwrap_or_else(|panic| {
            let fault = Box::new(Fault::panic(&*panic));
            Poll::Ready((StopReason::Panicked(fault), None))
        })
    }
}
