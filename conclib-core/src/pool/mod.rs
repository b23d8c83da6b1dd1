//! Pools: several actors of one type that share the work.

mod builder;
mod call_target;
mod left_queue;
mod name;
mod route;
mod routing;
mod worker_factory;
mod workers;

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use conclib_wire::Urn;

use super::turn_scope;
use crate::error::{SpawnError, TellError};
use crate::events::DeadLetterCause;
use crate::message::Message;
use crate::named::Named;
use crate::node::{Actor, ActorRef, Handler, MessageOf};
use crate::system::Broadcast;
use workers::Workers;

pub use builder::PoolBuilder;
pub use call_target::CallTarget;
pub use route::Route;
pub use routing::Routing;
pub use worker_factory::{OnThreads, Tasks, WorkersElsewhere};

/// Pool of actors of one type that share the work.
///
/// A worker that fails is restarted and keeps its mailbox, like any actor that a closure made. A
/// worker that is not restarted any more, or that was stopped, is replaced. After a failure its
/// replacement handles messages only after a pause, which grows each time, by the
/// [`Backoff`](crate::actor::Backoff) of the pool's [`restart`](PoolBuilder::restart) policy. Meanwhile
/// messages go to the other workers; without another worker, they wait.
///
/// The messages of the workers are methods of the pool, as they are of a reference: each call goes to
/// the worker that the [`Routing`] chooses. A message with the name of a method of the pool, such as
/// `len`, is sent by [`ask`](Self::ask).
///
/// Clones are handles of the same pool. When the last one is dropped, workers without a name handle
/// their queued messages and end; workers with a name, and children of an actor, live on as plain
/// actors.
///
/// ```
/// use conclib::prelude::*;
///
/// # #[actor]
/// # #[derive(Default)]
/// # struct Squarer;
/// #
/// # #[actor]
/// # impl Squarer {
/// #     #[message]
/// #     fn square(&mut self, n: u64) -> u64 { n * n }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let pool = system.pool(Squarer::default).size(4).spawn()?;
/// assert_eq!(pool.square(7).await?, 49);
/// assert_eq!(pool.worker_for("Ada"), pool.worker_for("Ada"));
/// pool.resize(2)?;
/// assert_eq!(pool.len(), 2);
/// pool.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Pool<A: Actor>(Arc<Workers<A>>);

impl<A: Actor> Pool<A> {
    /// Returns a call of `message` on the worker that the [`Routing`] chooses when the message is
    /// sent, as the method of the message does: `pool.square(7)`; see [`Call`](crate::call::Call) for the ways to send it. A worker with a full mailbox is passed over
    /// while another one has room.
    pub fn ask<M: MessageOf<A>>(&self, message: M) -> M::Call<Route<'_, A>> {
        M::call(message, Route::new(self, None))
    }

    /// Returns a call of `message` on the worker of that key; see [`worker_for`](Self::worker_for).
    /// The message waits for room in a full mailbox of that worker, and for a replacement of a
    /// worker that is ending, so that the messages of one key stay in order.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # #[derive(Default)]
    /// # struct Carts(HashMap<String, u64>);
    /// #
    /// # #[actor]
    /// # impl Carts {
    /// #     #[message]
    /// #     fn add(&mut self, to: String, n: u64) -> u64 {
    /// #         let cart = self.0.entry(to).or_default();
    /// #         *cart += n;
    /// #         *cart
    /// #     }
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let pool = system.pool(Carts::default).size(4).spawn()?;
    /// for n in 1..=10 {
    ///     let add = CartsAdd { to: "Ada".into(), n: 1 };
    ///     assert_eq!(pool.ask_for("Ada", add).await?, n);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn ask_for<M: MessageOf<A>>(
        &self,
        key: &(impl Hash + ?Sized),
        message: M,
    ) -> M::Call<Route<'_, A>> {
        M::call(message, Route::new(self, Some(routing::hash(key))))
    }

    /// Returns the worker that the [`Routing`] chooses now. A message to the pool itself, by a method
    /// or by [`ask`](Self::ask), goes to another worker if the chosen one is full or has ended.
    pub fn worker(&self) -> ActorRef<A> {
        self.pick(None)
    }

    /// Returns the worker of a key: always the same one, by this and by [`ask_for`](Self::ask_for).
    /// A restart changes nothing, a replacement takes over the keys, and a resize moves as few keys
    /// as possible.
    pub fn worker_for(&self, key: &(impl Hash + ?Sized)) -> ActorRef<A> {
        self.pick(Some(routing::hash(key)))
    }

    fn pick(&self, key: Option<u64>) -> ActorRef<A> {
        loop {
            // A pool has at least one worker; it may shrink between the two reads.
            if let Some(actor) = self.0.at(self.0.first(key)) {
                return actor;
            }
        }
    }

    /// Sends a message to all workers, without waiting: a message that a full mailbox refuses
    /// becomes a dead letter, as with [`System::broadcast`](crate::system::System::broadcast).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message]
    /// #[derive(Clone)]
    /// struct Reprice(u32);
    ///
    /// # #[actor]
    /// # #[derive(Default)]
    /// # struct Worker { price: u32 }
    /// # #[actor]
    /// # impl Worker {
    /// #     #[handler]
    /// #     fn reprice(&mut self, Reprice(price): Reprice) { self.price = price }
    /// #     #[message]
    /// #     fn price(&mut self) -> u32 { self.price }
    /// # }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let pool = system.pool(Worker::default).size(3).spawn()?;
    /// assert_eq!(pool.broadcast(Reprice(7)).delivered, 3);
    /// for worker in pool.workers() {
    ///     assert_eq!(worker.price().await?, 7);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast<M: Message + Clone>(&self, message: M) -> Broadcast
    where
        A: Handler<M>,
    {
        let mut report = Broadcast::default();
        for worker in self.workers() {
            match worker.ask(message.clone()).try_tell() {
                Ok(()) => report.delivered += 1,
                Err(TellError::Stopped { .. }) => report.stopped += 1,
                Err(TellError::Full { .. } | TellError::Failed { .. }) => {
                    report.full += 1;
                    let cause = DeadLetterCause::MailboxFull;
                    self.0
                        .system
                        .lost(&worker, M::NAME, turn_scope::sender(), cause);
                }
            }
        }
        report
    }

    /// Sets the number of workers, at least one. Surplus workers handle their queued messages and
    /// end; messages that wait for room in their mailboxes go to other workers.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// # #[actor]
    /// # struct Worker;
    /// # #[actor]
    /// # impl Worker {}
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let pool = system.pool(|| Worker).size(2).spawn()?;
    /// pool.resize(5)?;
    /// assert_eq!(pool.len(), 5);
    /// pool.resize(1)?;
    /// assert_eq!(pool.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails as [`PoolBuilder::spawn`] does, if that fails for one of the new workers: those before
    /// it are spawned. Fails also if the pool was stopped.
    pub fn resize(&self, workers: usize) -> Result<(), SpawnError> {
        self.0.resize(workers)
    }

    /// Returns the workers in the order of their indexes.
    pub fn workers(&self) -> Vec<ActorRef<A>> {
        self.0.working()
    }

    /// Returns the number of workers.
    pub fn len(&self) -> usize {
        self.0.working().len()
    }

    /// Returns true if no worker is left, and none will be spawned: the pool, its system or its
    /// parent was stopped.
    pub fn is_empty(&self) -> bool {
        self.0.is_over()
    }

    /// Returns the prefix of the workers' names; a generated one if the pool has no name.
    pub fn urn(&self) -> Urn {
        self.0.urn()
    }

    /// Lets the workers handle their queued messages, then ends them. New messages are refused.
    ///
    /// The workers are told at once, even if the returned future is not awaited. The future
    /// resolves when they have ended.
    pub fn stop(&self) -> impl Future<Output = ()> + Send + use<A> {
        let ends = self.0.stop();
        async move {
            for end in ends {
                end.await;
            }
        }
    }
}

impl<A: Actor> Clone for Pool<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Actor> fmt::Debug for Pool<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("urn", &self.urn())
            .field("workers", &self.len())
            .finish()
    }
}
