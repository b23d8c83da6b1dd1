//! References, timers and replies that a handler gets from its context.

use super::System;
use crate::actor::AskerGone;
use crate::node::{Actor, ActorRef, AnyRef, Context};
use crate::reply::{Deferred, ReplyTo};

impl<A: Actor> Context<A> {
    /// A reference to this actor. Any such reference keeps an anonymous actor
    /// alive, also if it is made after the last one from outside has gone, in
    /// the turn of a message that was queued until then. A reference kept in
    /// the actor's own state keeps the actor alive until the actor is stopped:
    /// keep a [`WeakRef`](crate::WeakRef) there. A message that an actor sends
    /// to itself does not keep the actor alive.
    ///
    /// A message that an actor sends to itself is never refused and never waits
    /// for a place; it is handled after the messages that are queued already. A
    /// turn that asks its own actor fails at once:
    /// [`AskError::Cycle`](crate::error::AskError::Cycle).
    pub fn me(&self) -> ActorRef<A> {
        self.cell.acquire();
        ActorRef::local(self.cell.clone())
    }

    /// The system of this actor.
    pub fn system(&self) -> System {
        System::handle(&self.cell.system)
    }

    /// The actor that sent the message of this turn. `None` if it was sent by
    /// other code, from outside the system, or by an actor that has ended.
    pub fn sender(&self) -> Option<AnyRef> {
        self.cell.system.resident(self.from?).map(AnyRef::new)
    }

    /// Resolves when the asker of this turn has left: the ask was dropped, its
    /// deadline is over, or the connection to its process is gone. A handler
    /// that works for long need not go on then. A message that was told has no
    /// asker, so for it the future never resolves.
    ///
    /// The future does not borrow the context. Only the handler itself can wait
    /// for it: in a task that the handler spawns it never resolves; there, wait
    /// for [`ReplyTo::closed`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Search { given_up: u64 }
    ///
    /// #[actor]
    /// impl Search {
    ///     #[message]
    ///     async fn find(&mut self, ctx: &mut Context<Self>) -> Option<String> {
    ///         tokio::select! {
    ///             found = look_everywhere() => Some(found),
    ///             () = ctx.asker_gone() => {
    ///                 self.given_up += 1;
    ///                 None
    ///             }
    ///         }
    ///     }
    ///
    ///     #[message]
    ///     fn given_up(&self) -> u64 { self.given_up }
    /// }
    ///
    /// # async fn look_everywhere() -> String { std::future::pending().await }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let search = system.spawn(Search::default())?;
    /// let late = search.find().timeout(Duration::from_millis(100)).await;
    /// assert!(matches!(late, Err(AskError::Deadline { .. })));
    /// assert_eq!(search.given_up().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn asker_gone(&self) -> AskerGone {
        AskerGone::new(self.cell.id)
    }

    /// Lets a handler answer after its turn: return the [`Deferred`], and
    /// answer through the [`ReplyTo`], which may be moved to a task or kept in
    /// the actor.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Slow;
    ///
    /// #[actor]
    /// impl Slow {
    ///     #[message]
    ///     fn double(&mut self, n: u64, ctx: &mut Context<Self>) -> Deferred<u64> {
    ///         let (reply, deferred) = ctx.defer();
    ///         tokio::spawn(async move { reply.send(2 * n) });
    ///         deferred
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// assert_eq!(system.spawn(Slow)?.double(4).await?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn defer<T, E>(&self) -> (ReplyTo<T, E>, Deferred<T, E>) {
        Deferred::pair()
    }
}
