//! Actor without a task, which runs only while the test awaits it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use conclib_core::__private::{ForwardingWaker, SystemUnderTest};
use conclib_core::{Actor, ActorRef, AskError, Declared, Handler, Message, System};

use super::run::system;

/// Actor that no task runs: the test feeds it one message after the other. Made by [`solo`].
///
/// Runs the same code as any actor: its hooks run, and its [`Context`](conclib_core::Context) works as
/// usual. But the actor runs only while [`feed`](Self::feed) or [`drive`](Self::drive) is awaited;
/// ticks, streams, delayed messages and the ends of children are handled then. The actor is not
/// restarted.
///
/// A drop kills the actor.
pub struct Solo<A: Actor> {
    actor: ActorRef<A>,
    /// Future of the actor's task; `None` once the actor has ended.
    life: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// Waker of that future, which forwards to the task that polls `feed`.
    relay: Arc<ForwardingWaker>,
    /// Handle of the system, whose drop would end the actor.
    system: System,
}

/// Makes an actor that no task runs, to be fed one message after the other.
///
/// Needs no runtime, spawns nothing and depends on no timing: when [`feed`](Solo::feed) returns,
/// all that the message caused has happened. The actor is alone in a [`system`](super::run::system());
/// it sends its messages to recipients of the test, such as an [`Inbox`](conclib_core::Inbox).
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[message]
/// #[derive(Debug, PartialEq)]
/// struct Response(u64);
///
/// #[actor]
/// struct Counter { count: u64, listener: Recipient<Response> }
///
/// #[actor]
/// impl Counter {
///     #[message]
///     async fn add(&mut self, by: u64) -> u64 {
///         self.count += by;
///         let _ = self.listener.tell(Response(self.count)).await;
///         self.count
///     }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let mut heard = Inbox::<Response>::new(8);
///     let mut solo = testing::solo(Counter { count: 0, listener: heard.address() });
///     assert_eq!(solo.feed(CounterAdd { by: 2 }).await?, 2);
///     assert_eq!(solo.feed(CounterAdd { by: 3 }).await?, 5);
///
///     let heard: Vec<_> = std::iter::from_fn(|| heard.try_recv()).map(|it| it.message).collect();
///     assert_eq!(heard, [Response(2), Response(5)]);
///     Ok(())
/// }
/// ```
///
/// # Panics
/// Panics if the URN in `#[actor(urn = "…")]` is invalid.
#[track_caller]
pub fn solo<A: Actor + Declared + Send>(actor: A) -> Solo<A> {
    let system = system();
    let entered = SystemUnderTest::of(&system).enter(actor);
    match entered {
        Ok((actor, life)) => Solo {
            actor,
            life: Some(Box::pin(life)),
            relay: Arc::default(),
            system,
        },
        Err(error) => panic!("the actor could not be made: {error}"),
    }
}

impl<A: Actor> Solo<A> {
    /// Asks the actor, and runs it until the answer comes. Messages that the actor sent to itself
    /// before are handled first; those that it sends to itself now are handled after this one, if
    /// that can be done without waiting.
    ///
    /// A handler that asks another actor waits for the answer here, too: the test runs both at
    /// once, with `tokio::join!`.
    ///
    /// # Errors
    /// Fails like any ask: with the handler's own error, with its panic, or if the actor has ended.
    ///
    /// # Cancel safety
    /// Dropping the future suspends the turn, which goes on with the next call.
    pub async fn feed<M: Message>(&mut self, message: M) -> Result<M::Reply, AskError<M::Error>>
    where
        A: Handler<M>,
    {
        let actor = self.actor.clone();
        self.drive(actor.ask(message)).await
    }

    /// Runs the actor until a future is done, such as a call, a tell or a stop of the actor.
    ///
    /// ```
    /// use conclib::prelude::*;
    /// use conclib::testing;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Counter { count: u64 }
    ///
    /// #[actor]
    /// impl Counter {
    ///     #[message]
    ///     fn add(&mut self, by: u64) -> u64 { self.count += by; self.count }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let mut solo = testing::solo(Counter::default());
    ///     let counter = solo.actor_ref();
    ///     counter.add(1).tell().await?;
    ///     assert_eq!(solo.drive(counter.add(2)).await?, 3);
    ///     assert_eq!(solo.drive(counter.stop()).await, StopReason::Stopped);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Cancel safety
    /// Same as [`feed`](Self::feed).
    pub async fn drive<F: IntoFuture>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future.into_future());
        poll_fn(|cx| {
            // Polled before the actor runs, so that the actor finds the messages that the future
            // sends.
            let before = future.as_mut().poll(cx);
            self.live(cx);
            match before {
                Poll::Ready(output) => Poll::Ready(output),
                Poll::Pending => future.as_mut().poll(cx),
            }
        })
        .await
    }

    /// Returns the reference to the actor. Messages wait until the actor runs.
    pub fn actor_ref(&self) -> ActorRef<A> {
        self.actor.clone()
    }

    /// Returns the system that the actor is alone in.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Polls the actor once, and so runs it until it has to wait.
    fn live(&mut self, cx: &Context<'_>) {
        self.relay.register(cx.waker());
        let waker = Waker::from(self.relay.clone());
        let life = self.life.as_mut().map(|life| life.as_mut());
        let polled = life.map(|life| life.poll(&mut Context::from_waker(&waker)));
        if polled == Some(Poll::Ready(())) {
            self.life = None;
        }
    }
}

impl<A: Actor> fmt::Debug for Solo<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Solo")
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
