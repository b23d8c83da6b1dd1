//! One actor without a task: it runs when the test lets it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use conclib_core::__private::{Relay, SystemUnderTest};
use conclib_core::{Actor, ActorRef, AskError, Declared, Handler, Message, System};

use super::run::system;

/// An actor that no task runs: it is fed one message after the other, and
/// between them it stands still. Made by [`solo`].
///
/// It lives the life that any actor lives, in the same code: its hooks run, and
/// its [`Context`](conclib_core::Context) does all that it does elsewhere. But that
/// life goes on only while [`feed`](Self::feed) or [`drive`](Self::drive) is
/// awaited. So ticks, streams, delayed messages and the ends of children are
/// taken up then, and not before. It is not restarted.
///
/// Dropped, the actor is killed.
pub struct Solo<A: Actor> {
    actor: ActorRef<A>,
    /// `None` once it is over.
    life: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// The life has one waker, and is polled by whoever feeds it.
    relay: Arc<Relay>,
    /// Without a handle left, it would end.
    system: System,
}

/// An actor that no task runs, to be fed one message after the other.
///
/// It needs no runtime of its own, spawns nothing and knows no timing: when
/// [`feed`](Solo::feed) returns, whatever the message led to has happened.
/// It is alone in a [`system`](super::system()); what it sends goes to whatever the
/// test gave it, as to an [`Inbox`](conclib_core::Inbox).
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
///         let _ = self.listener.ask(Response(self.count)).tell().await;
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
/// The URN that `#[actor(urn = "…")]` says is none.
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
    /// Asks it this, and lets it run until there is an answer. What it sent
    /// itself before has its turn first; what it sends itself now, after this,
    /// if it can be done at once.
    ///
    /// A handler that asks somebody else waits for the answer here, too: the
    /// test gives it by running both at once, with `tokio::join!`.
    ///
    /// # Errors
    /// As those of any ask: the handler's own error, its panic, or the actor
    /// has ended.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the turn where it is; it goes on with the
    /// next one.
    pub async fn feed<M: Message>(&mut self, message: M) -> Result<M::Reply, AskError<M::Error>>
    where
        A: Handler<M>,
    {
        let actor = self.actor.clone();
        self.drive(actor.ask(message)).await
    }

    /// Lets it run until this future is done, which may do with the actor
    /// whatever can be done: call, tell, stop it, or wait for something.
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
    /// As [`feed`](Self::feed).
    pub async fn drive<F: IntoFuture>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future.into_future());
        poll_fn(|cx| {
            // Before the actor runs, so that what this sends is there for it.
            let before = future.as_mut().poll(cx);
            self.live(cx);
            match before {
                Poll::Ready(output) => Poll::Ready(output),
                Poll::Pending => future.as_mut().poll(cx),
            }
        })
        .await
    }

    /// The reference to it. What it is sent waits until it runs.
    pub fn actor_ref(&self) -> ActorRef<A> {
        self.actor.clone()
    }

    /// The system that it is alone in.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Lets it get where it can get to.
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
