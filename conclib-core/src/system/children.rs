//! Methods of a context for other actors: children, forwarding, and watching.

use std::future::Future as _;
use std::sync::Arc;
use std::task::{self, Poll, Waker};

use conclib_wire::State;

use super::spawn::SpawnBuilder;
use crate::actor::{Closure, FromArgs, FromValue, Restart, Restarting, TaskActor};
use crate::call::{Target, forward};
use crate::error::SpawnError;
use crate::message::Message;
use crate::named::Named;
use crate::node::{Actor, ActorRef, AnyActor, AnyRef, Context, Create, Declared, Notice};
use crate::remote::Remote;
use crate::reply::{Deferred, Request};
use crate::supervision::Gone;

impl<A: Actor> Context<A> {
    /// Spawns a child: it is supervised by this actor, and ends with it.
    ///
    /// The hook `#[on(child)]` decides what follows the end of a child. Without
    /// that hook, a child that failed is restarted if its policy says so; if
    /// not, its failure becomes the failure of this actor. A child that ended
    /// without a failure is left ended.
    ///
    /// # Waiting for a child
    /// A turn may wait for the answer of a child, because the restart of a
    /// child needs no turn of its parent. If the parent has an `#[on(child)]`,
    /// the restart does need a turn. Then an ask of a child that failed, and
    /// whose restart waits for that turn, ends in
    /// [`AskError::Cycle`](crate::error::AskError::Cycle), and a wait for its start in
    /// [`StartError::Cycle`](crate::error::StartError::Cycle).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Manager;
    /// #[actor]
    /// impl Manager {
    ///     #[message(local)]
    ///     fn hire(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
    ///         ctx.actor(Worker).urn("worker").spawn()?;
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[actor]
    /// # struct Worker;
    /// # #[actor]
    /// # impl Worker {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let manager = system.spawn(Manager)?;
    /// manager.hire().await?;
    /// let worker: ActorRef<Worker> = system.get("worker")?;
    /// manager.stop().await;
    /// assert_eq!(worker.stopped().await, Some(StopReason::Parent));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The same as for [`System::spawn`](super::System::spawn).
    pub fn spawn<C: TaskActor + Actor>(&self, child: C) -> Result<C::Ref, SpawnError> {
        self.actor(child).spawn()
    }

    /// Builds a child with options, like
    /// [`System::actor`](super::System::actor).
    pub fn actor<C: Actor + Declared + Send>(&self, child: C) -> SpawnBuilder<'_, C, FromValue<C>> {
        self.child(FromValue(Some(child)))
    }

    /// Builds a child whose state a closure makes, at the first start and at
    /// each restart, like [`System::actor_with`](super::System::actor_with).
    pub fn actor_with<C: Actor + Declared, F: FnMut() -> C + Send + 'static>(
        &self,
        make: F,
    ) -> SpawnBuilder<'_, C, Restarting<Closure<F>>> {
        self.child(Restarting::new(Closure(make), Restart::never()))
    }

    /// Builds a child whose state its `#[on(create)]` makes, like
    /// [`System::create`](super::System::create).
    pub fn create<C: Actor + Declared + Create>(
        &self,
        args: C::Args,
    ) -> SpawnBuilder<'_, C, FromArgs<C::Args>> {
        self.child(FromArgs(Some(args)))
    }

    fn child<C: Actor + Declared, B: crate::actor::Factory<C>>(
        &self,
        factory: B,
    ) -> SpawnBuilder<'_, C, B> {
        let me: Arc<dyn AnyActor> = self.cell().clone();
        SpawnBuilder::new(&self.cell().system, factory).parent(me)
    }

    /// The children that have not ended, oldest first.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Kitten;
    /// # #[actor]
    /// # impl Kitten {}
    /// #
    /// #[actor]
    /// struct Cat;
    /// #[actor]
    /// impl Cat {
    ///     #[message(local)]
    ///     fn litter(&mut self, size: usize, ctx: &mut Context<Self>) -> Result<usize, SpawnError> {
    ///         for _ in 0..size {
    ///             ctx.spawn(Kitten)?;
    ///         }
    ///         Ok(ctx.children().len())
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// assert_eq!(system.spawn(Cat)?.litter(3).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn children(&self) -> Vec<AnyRef> {
        let children = self
            .cell()
            .relations()
            .map(|relations| relations.children());
        let children = children.into_iter().flatten();
        let alive = children.filter(|(_, child)| child.resident.state() != State::Stopped);
        alive
            .map(|(_, child)| AnyRef::new(child.resident))
            .collect()
    }

    /// Forwards a request to another actor, which answers it in place of this
    /// one: return the result from the handler. The request keeps its sender,
    /// its origin and the time it has left, and the answer goes straight to the
    /// asker.
    ///
    /// The request waits for a place in the mailbox of the other actor. If it
    /// gets none, because the other actor has stopped, rejects, or waits for
    /// this turn, the asker is told. A request that the other actor leaves as it
    /// ends may have run, by
    /// [`AskError::delivery`](crate::error::AskError::delivery): this handler
    /// has. An error of the other actor that says nothing of a handler, such as
    /// [`MailboxFull`](crate::error::AskError::MailboxFull) or
    /// [`NoSuchActor`](crate::error::AskError::NoSuchActor), speaks of that
    /// actor alone.
    ///
    /// If the asker is an actor whose turn waits for the answer, that turn waits
    /// for the other actor from now on: if the other actor waits for the asker,
    /// the request is not forwarded, and the ask ends in
    /// [`AskError::Cycle`](crate::error::AskError::Cycle). The request has the
    /// priority of its message, whatever priority the call had.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message(reply = String)]
    /// struct Work(u32);
    ///
    /// #[actor]
    /// struct Manager { worker: ActorRef<Worker> }
    /// #[actor]
    /// impl Manager {
    ///     #[handler]
    ///     async fn work(&mut self, work: Work, ctx: &mut Context<Self>) -> Deferred<String> {
    ///         ctx.forward(&self.worker, work).await
    ///     }
    /// }
    ///
    /// # #[actor]
    /// # struct Worker;
    /// # #[actor]
    /// # impl Worker {
    /// #     #[handler]
    /// #     fn work(&mut self, Work(n): Work) -> String {
    /// #         format!("{n} done")
    /// #     }
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let worker = system.spawn(Worker)?;
    /// let manager = system.spawn(Manager { worker })?;
    /// assert_eq!(manager.ask(Work(7)).await?, "7 done");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped while it waits for a place, the request is not
    /// forwarded, and its asker is told that no reply comes.
    pub async fn forward<T: Target<M> + ?Sized, M: Message>(
        &self,
        to: &T,
        message: M,
    ) -> Deferred<M::Reply, M::Error> {
        let (request, deferred) = self.pass_on(message, true);
        forward(to, request).await;
        deferred
    }

    /// Makes a request for another actor, or for a later turn, that is answered
    /// to the asker of this turn.
    pub(crate) fn pass_on<M: Message>(
        &self,
        message: M,
        is_forwarded: bool,
    ) -> (Request<M>, Deferred<M::Reply, M::Error>) {
        let (mut reply, deferred) = Deferred::pair_for(self.waiting.clone(), is_forwarded);
        reply.set_due(self.due());
        let reply = reply.noted();
        let request = Request {
            message,
            reply: match &self.outside {
                None => reply,
                Some(outside) => reply.came_from(outside),
            },
            from: self.from(),
        };
        (request, deferred)
    }

    /// Runs `#[on(gone)]` once when that actor ends, for whatever reason; at
    /// once if it has ended already. A restart is no end. If the actor is
    /// watched again before the hook has run, the hook still runs once; if
    /// after that, once more.
    ///
    /// The system of an actor in another process is asked, as
    /// [`stopped`](ActorRef::stopped) does. Such an actor counts as gone, with
    /// [`StopReason::Unreachable`](crate::StopReason::Unreachable), once the connection is lost.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Nurse { gone: Vec<String> }
    ///
    /// #[actor]
    /// impl Nurse {
    ///     #[message(local)]
    ///     fn watch(&mut self, patient: ActorRef<Patient>, ctx: &mut Context<Self>) {
    ///         ctx.watch(&patient);
    ///     }
    ///
    ///     #[on(gone)]
    ///     fn gone(&mut self, gone: Gone) {
    ///         self.gone.push(format!("{} {}", gone.urn, gone.reason));
    ///     }
    ///
    ///     #[message]
    ///     fn gone_so_far(&mut self) -> Vec<String> { self.gone.clone() }
    /// }
    ///
    /// # #[actor(urn = "patient")]
    /// # struct Patient;
    /// #
    /// # #[actor]
    /// # impl Patient {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let (nurse, patient) = (system.spawn(Nurse::default())?, system.spawn(Patient)?);
    /// nurse.watch(patient.clone()).await?;
    /// patient.stop().await;
    /// assert_eq!(nurse.gone_so_far().await?, ["patient stopped"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch<B: Actor>(&self, other: &ActorRef<B>) {
        let cell = self.cell();
        let resident = match other.any() {
            Ok(resident) => resident,
            Err(remote) => return self.watch_far(remote),
        };
        let id = resident.id();
        cell.relations_to_be().begin_watch(id);
        let me: Arc<dyn AnyActor> = cell.clone();
        let relations = resident.relations_to_be();
        relations.watch(cell.id, Arc::downgrade(&me));
        // The actor may have ended in between, and told only the watchers it
        // had.
        if let Some(reason) = resident.lifecycle().reason() {
            relations.unwatch(cell.id);
            let urn = other.urn();
            cell.notify(Notice::Gone(id, Box::new(Gone { urn, reason })));
        }
    }

    fn watch_far(&self, remote: &Arc<Remote>) {
        let me: Arc<dyn AnyActor> = self.cell().clone();
        let watcher = Arc::downgrade(&me);
        let far = Arc::new(remote.without_lease());
        let relations = self.cell().relations_to_be();
        if relations.watches_far(&far) {
            return;
        }
        let (asked, kept) = (far.clone(), remote.clone());
        let mut ended = Box::pin(async move { asked.stopped_keeping(Some(kept)).await });
        // Sends the request, if there is room for it: before all that this turn sends later.
        let polled = ended
            .as_mut()
            .poll(&mut task::Context::from_waker(Waker::noop()));
        let urn = far.urn();
        relations.begin_far_watch(&far, |id| {
            let task = tokio::spawn(async move {
                let reason = match polled {
                    Poll::Ready(reason) => reason,
                    Poll::Pending => ended.await,
                };
                if let Some(watcher) = watcher.upgrade() {
                    watcher.notify(Notice::Gone(id, Box::new(Gone { urn, reason })));
                }
            });
            task.abort_handle()
        });
    }

    /// Undoes [`watch`](Self::watch): no `#[on(gone)]` runs for that actor any
    /// more.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Ship;
    /// # #[actor]
    /// # impl Ship {}
    /// #
    /// #[actor]
    /// #[derive(Default)]
    /// struct Tower { lost: u32 }
    /// #[actor]
    /// impl Tower {
    ///     #[message(local)]
    ///     fn comes(&mut self, ship: ActorRef<Ship>, ctx: &mut Context<Self>) { ctx.watch(&ship) }
    ///     #[message(local)]
    ///     fn leaves(&mut self, ship: ActorRef<Ship>, ctx: &mut Context<Self>) { ctx.unwatch(&ship) }
    ///     #[on(gone)]
    ///     fn sinks(&mut self, _ship: Gone) { self.lost += 1 }
    ///     #[message]
    ///     fn lost(&mut self) -> u32 { self.lost }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let tower = system.spawn(Tower::default())?;
    /// let ship = system.spawn(Ship)?;
    /// tower.comes(ship.clone()).await?;
    /// tower.leaves(ship.clone()).await?;
    /// ship.stop().await;
    /// assert_eq!(tower.lost().await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unwatch<B: Actor>(&self, other: &ActorRef<B>) {
        let resident = match (other.any(), self.cell().relations()) {
            (Ok(resident), _) => resident,
            (Err(remote), Some(relations)) => return relations.end_far_watch(remote),
            (Err(_), None) => return,
        };
        if let Some(relations) = resident.relations() {
            relations.unwatch(self.cell().id);
        }
        // The actor may have ended, and the notice may still be queued.
        if let Some(relations) = self.cell().relations() {
            relations.end_watch(resident.id());
        }
    }
}
