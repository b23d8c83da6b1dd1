//! Pools: several actors of one type that share the work.

mod builder;
mod crew;
mod hire;
mod legacy;
mod route;
mod routing;

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

pub use builder::PoolBuilder;
use crew::Crew;
pub use hire::{OnThreads, Tasks};
pub use route::Route;
pub use routing::Routing;

use super::current;
use crate::actor::{Actor, ActorRef, Handler};
use crate::call::Call;
use crate::error::{SpawnError, TellError};
use crate::events::DeadLetterCause;
use crate::message::Message;
use crate::named::Named;
use crate::system::Broadcast;
use conclib_wire::Urn;

/// Several actors of one type that share the work.
///
/// A worker that fails is restarted, with its mailbox, as any actor that a
/// closure made. One that is not restarted any more, or that somebody stopped,
/// is replaced: after a failure it is a moment until its successor serves, and
/// longer each time, as the [`Backoff`](crate::actor::Backoff) of its
/// [`restart`](PoolBuilder::restart) policy says. Meanwhile the others get what is sent; if there is no
/// other, it waits.
///
/// Clones are the same pool. When the last one is dropped, workers without a
/// name serve what is queued and end; those with a name, and children of an
/// actor, live on as plain actors.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// #[derive(Default)]
/// struct Squarer;
///
/// #[actor]
/// impl Squarer {
///     #[message]
///     fn square(&mut self, n: u64) -> u64 { n * n }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let pool = system.pool(Squarer::default).size(4).spawn()?;
///     assert_eq!(pool.ask(SquarerSquare { n: 7 }).await?, 49);
///     assert_eq!(pool.worker().square(3).await?, 9);
///     assert_eq!(pool.worker_for("Ada"), pool.worker_for("Ada"));
///     pool.resize(2)?;
///     assert_eq!(pool.len(), 2);
///     pool.stop().await;
///     Ok(())
/// }
/// ```
pub struct Pool<A: Actor>(Arc<Crew<A>>);

impl<A: Actor> Pool<A> {
    /// A call of `message` on the worker that the [`Routing`] finds when it is
    /// handed over; see [`Call`] for the ways to send it. One with a full
    /// mailbox is passed over while another has room.
    pub fn ask<M: Message>(&self, message: M) -> Call<Route<'_, A>, M>
    where
        A: Handler<M>,
    {
        Call::new(Route::new(self, None), message)
    }

    /// A call of `message` on the worker of that key; see
    /// [`worker_for`](Self::worker_for). If its mailbox is full the message
    /// waits for it, and if it is ending, for its successor, so that the
    /// messages of one key stay in order.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Carts(HashMap<String, u64>);
    ///
    /// #[actor]
    /// impl Carts {
    ///     #[message]
    ///     fn add(&mut self, to: String, n: u64) -> u64 {
    ///         let cart = self.0.entry(to).or_default();
    ///         *cart += n;
    ///         *cart
    ///     }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let pool = system.pool(Carts::default).size(4).spawn()?;
    ///     for n in 1..=10 {
    ///         let add = CartsAdd { to: "Ada".into(), n: 1 };
    ///         assert_eq!(pool.ask_for("Ada", add).await?, n);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn ask_for<M: Message>(
        &self,
        key: &(impl Hash + ?Sized),
        message: M,
    ) -> Call<Route<'_, A>, M>
    where
        A: Handler<M>,
    {
        Call::new(Route::new(self, Some(routing::hash(key))), message)
    }

    /// The worker that the [`Routing`] finds now, for typed calls:
    /// `pool.worker().square(3).await?`. What is sent by
    /// [`ask`](Self::ask) finds another one if this one is full or has ended.
    pub fn worker(&self) -> ActorRef<A> {
        self.pick(None)
    }

    /// The worker of that key: the same one for the same key, whichever way it
    /// is reached. A restart changes nothing, a successor inherits the keys,
    /// and a resize moves as few of them as it can.
    pub fn worker_for(&self, key: &(impl Hash + ?Sized)) -> ActorRef<A> {
        self.pick(Some(routing::hash(key)))
    }

    fn pick(&self, key: Option<u64>) -> ActorRef<A> {
        loop {
            // A pool has one place at least; it may shrink in between.
            if let Some(actor) = self.0.at(self.0.first(key)) {
                return actor;
            }
        }
    }

    /// Tells all workers. It never waits: what a full mailbox refuses is a dead
    /// letter, as of [`System::broadcast`](crate::system::System::broadcast).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message]
    /// #[derive(Clone)]
    /// struct Reprice(u32);
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Worker { price: u32 }
    /// #[actor]
    /// impl Worker {
    ///     #[handler]
    ///     fn reprice(&mut self, Reprice(price): Reprice) { self.price = price }
    ///     #[message]
    ///     fn price(&mut self) -> u32 { self.price }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let pool = system.pool(Worker::default).size(3).spawn()?;
    ///     assert_eq!(pool.broadcast(Reprice(7)).delivered, 3);
    ///     for worker in pool.workers() {
    ///         assert_eq!(worker.price().await?, 7);
    ///     }
    ///     Ok(())
    /// }
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
                        .lost(&worker, M::NAME, current::sender(), cause);
                }
            }
        }
        report
    }

    /// Has so many workers from now on; one at least. Those that go serve what
    /// is queued, and what waits before their mailboxes goes to others.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Worker;
    /// #[actor]
    /// impl Worker {}
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let pool = system.pool(|| Worker).size(2).spawn()?;
    ///     pool.resize(5)?;
    ///     assert_eq!(pool.len(), 5);
    ///     pool.resize(1)?;
    ///     assert_eq!(pool.len(), 1);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`PoolBuilder::spawn`], for any of the new workers: those before it
    /// are there. Or the pool was stopped.
    pub fn resize(&self, workers: usize) -> Result<(), SpawnError> {
        self.0.resize(workers)
    }

    /// The workers, by place.
    pub fn workers(&self) -> Vec<ActorRef<A>> {
        self.0.working()
    }

    /// Number of workers.
    pub fn len(&self) -> usize {
        self.0.working().len()
    }

    /// Tells whether no worker is left, and none will come: the pool, its system or
    /// its parent was stopped.
    pub fn is_empty(&self) -> bool {
        self.0.is_over()
    }

    /// The name that those of its workers begin with; one that was made up, if
    /// it has none.
    pub fn urn(&self) -> Urn {
        self.0.urn()
    }

    /// Serves what is queued, then ends the workers. What is sent from now on
    /// is refused.
    ///
    /// The workers are told at once, whether or not the result is awaited, which
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
