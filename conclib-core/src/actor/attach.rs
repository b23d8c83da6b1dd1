//! Methods of a context for inputs besides the mailbox: streams, ticks, delayed
//! messages, results of futures, and messages put aside.

use std::future::Future;
use std::time::Duration;

use conclib_wire::Failure;
use futures_core::Stream;
use futures_util::stream;

use crate::deadlock::{Passing, WaitingTurn};
use crate::events::DeadLetterCause;
use crate::message::Message;
use crate::node::{Actor, Attached, Context, Handler, MessageStream};
use crate::reply::{Deferred, Request};
use crate::time::instant_after;

impl<A: Actor> Context<A> {
    /// Attaches a stream: each item becomes a message, with a turn of its own.
    ///
    /// `make` makes a message of each result of the stream's `next`:
    /// `Some(item)`, where the item may be a `Result`, and `None` once at the
    /// end. The stream is polled only when the actor has time for an item, and
    /// after each item a message from the mailbox has its turn, so that neither
    /// starves the other. The stream is dropped when the actor ends or is
    /// restarted.
    ///
    /// ```
    /// use conclib::prelude::*;
    /// use futures_util::{StreamExt, stream};
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Sum { sum: u32, done: bool }
    ///
    /// #[actor]
    /// impl Sum {
    ///     #[on(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) {
    ///         let numbers = stream::iter(1..).take(4);
    ///         ctx.attach(numbers, |n| SumAdd { n });
    ///     }
    ///
    ///     #[message]
    ///     fn add(&mut self, n: Option<u32>, ctx: &mut Context<Self>) {
    ///         match n {
    ///             Some(n) => self.sum += n,
    ///             None => ctx.stop(),
    ///         }
    ///     }
    ///
    ///     #[on(stop)]
    ///     fn stop(&mut self) {
    ///         assert_eq!(self.sum, 10);
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let sum = system.spawn(Sum::default())?;
    /// assert_eq!(sum.stopped().await, Some(StopReason::Stopped));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// A panic of the stream or of `make` counts as a panic of the actor.
    pub fn attach<S, M>(
        &mut self,
        stream: S,
        mut make: impl FnMut(Option<S::Item>) -> M + Send + 'static,
    ) -> Attached
    where
        S: Stream + Send + 'static,
        M: Message,
        A: Handler<M>,
    {
        let items = MessageStream::new(stream, move |item| A::wrap(Request::tick(make(item))));
        self.inputs().attach(items)
    }

    /// Sends the actor a message at a fixed interval, the first at once: for an
    /// interval that is only known at run time. As with
    /// `#[message(every = "…")]`, at most one such message waits, and missed
    /// ones are not made up for. An interval below a millisecond counts as a
    /// millisecond.
    ///
    /// ```
    /// use std::time::Duration;
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Clock { every: Duration, left: u32 }
    ///
    /// #[actor]
    /// impl Clock {
    ///     #[on(start)]
    ///     fn start(&mut self, ctx: &mut Context<Self>) {
    ///         ctx.tick(self.every, || ClockStrike {});
    ///     }
    ///
    ///     #[message]
    ///     fn strike(&mut self, ctx: &mut Context<Self>) {
    ///         self.left -= 1;
    ///         if self.left == 0 {
    ///             ctx.stop_now();
    ///         }
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let clock = system.spawn(Clock { every: Duration::from_millis(1), left: 3 })?;
    /// assert_eq!(clock.stopped().await, Some(StopReason::StoppedNow));
    /// # Ok(())
    /// # }
    /// ```
    pub fn tick<M: Message>(
        &mut self,
        every: Duration,
        mut make: impl FnMut() -> M + Send + 'static,
    ) -> Attached
    where
        A: Handler<M>,
    {
        let make = move || A::wrap(Request::tick(make()));
        self.inputs().tick(every, Duration::ZERO, make)
    }

    /// Sends the actor a message once, after a delay, unless it is
    /// [detached](Attached::detach) before. In a tokio runtime without timers
    /// the actor fails after this turn, with a reason that says so.
    ///
    /// ```
    /// use std::time::Duration;
    /// use conclib::prelude::*;
    ///
    /// /// Turns the light off when nobody has moved for a while.
    /// #[actor]
    /// #[derive(Default)]
    /// struct Light { on: bool, off: Option<Attached> }
    ///
    /// #[actor]
    /// impl Light {
    ///     #[message]
    ///     fn moved(&mut self, ctx: &mut Context<Self>) {
    ///         self.on = true;
    ///         let off = ctx.after(Duration::from_millis(10), LightOff {});
    ///         if let Some(earlier) = self.off.replace(off) {
    ///             earlier.detach();
    ///         }
    ///     }
    ///
    ///     #[message]
    ///     fn off(&mut self) { self.on = false }
    ///
    ///     #[message]
    ///     fn is_on(&mut self) -> bool { self.on }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let light = system.spawn(Light::default())?;
    /// light.moved().await?;
    /// while light.is_on().await? {
    ///     tokio::task::yield_now().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn after<M: Message>(&mut self, delay: Duration, message: M) -> Attached
    where
        A: Handler<M>,
    {
        let at = instant_after(delay);
        self.inputs()
            .after(at, move || A::wrap(Request::tick(message)))
    }

    /// Sends the actor the output of a future as a message. The actor handles
    /// other messages until then, so it can wait for something without holding
    /// up a turn.
    ///
    /// The future is dropped when the actor ends or is restarted, or when it
    /// is [detached](Attached::detach).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Loader { page: Option<String> }
    ///
    /// #[actor]
    /// impl Loader {
    ///     #[message]
    ///     fn load(&mut self, ctx: &mut Context<Self>) {
    ///         let page = async { String::from("<html>") };
    ///         ctx.pipe(page, |page| LoaderLoaded { page });
    ///     }
    ///
    ///     #[message]
    ///     fn loaded(&mut self, page: String) {
    ///         self.page = Some(page);
    ///     }
    ///
    ///     #[message]
    ///     fn page(&mut self) -> Option<String> {
    ///         self.page.clone()
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let loader = system.spawn(Loader::default())?;
    /// loader.load().await?;
    /// while loader.page().await?.is_none() {
    ///     tokio::task::yield_now().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// A panic of the future counts as a panic of the actor.
    pub fn pipe<F, M>(
        &mut self,
        future: F,
        make: impl FnOnce(F::Output) -> M + Send + 'static,
    ) -> Attached
    where
        F: Future + Send + 'static,
        M: Message,
        A: Handler<M>,
    {
        let message = async move { A::wrap(Request::tick(make(future.await))) };
        self.inputs().attach(stream::once(message))
    }

    /// Puts a message aside until [`unstash`](Self::unstash): for a request
    /// that comes before the actor is ready for it. Return the result from the
    /// handler.
    ///
    /// The capacity of the mailbox is also the limit for messages put aside.
    /// One more becomes a dead letter, and its asker is told that there was no
    /// room. Messages put aside outlive a restart, and are answered with
    /// `Stopped` when the actor ends.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Store { value: Option<u64> }
    ///
    /// #[message(reply = u64)]
    /// struct Read;
    ///
    /// #[actor]
    /// impl Store {
    ///     #[handler]
    ///     fn read(&mut self, read: Read, ctx: &mut Context<Self>) -> Deferred<u64> {
    ///         match self.value {
    ///             Some(value) => Deferred::ready(value),
    ///             None => ctx.stash(read),
    ///         }
    ///     }
    ///
    ///     #[message]
    ///     fn fill(&mut self, value: u64, ctx: &mut Context<Self>) {
    ///         self.value = Some(value);
    ///         ctx.unstash();
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let store = system.spawn(Store::default())?;
    /// let read = store.ask(Read).reply().await?;
    /// store.fill(7).await?;
    /// assert_eq!(read.await?, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stash<M: Message>(&mut self, message: M) -> Deferred<M::Reply, M::Error>
    where
        A: Handler<M>,
    {
        let (request, deferred) = self.pass_on(message, false);
        if self.inputs().stashed() < self.cell().mailbox.capacity() {
            // The asker now waits for a later turn of this actor.
            if let Some(WaitingTurn::Here(who, ask)) = request.reply.passed() {
                let passing = Passing::begin(who, ask, self.cell().id, None);
                passing.into_iter().flatten().for_each(Passing::keep);
            }
            self.inputs().stash(A::wrap(request));
        } else {
            self.cell()
                .lost(M::NAME, request.from, DeadLetterCause::MailboxFull);
            request.refuse(Failure::MailboxFull);
        }
        deferred
    }

    /// Handles the messages put aside next, in the order in which they came,
    /// before those that wait in the mailbox.
    pub fn unstash(&mut self) {
        self.inputs().unstash();
    }
}
