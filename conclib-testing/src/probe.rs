//! Actors of a test's own, which record what they get.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, ready};
use std::panic::Location;

use conclib_core::__private::{
    Accepted, Birth, Failure, Head, Life, Seek, SystemUnderTest, WireAsker, accept,
};
use conclib_core::wire::Envelope;
use conclib_core::{
    Actor, ActorRef, Context, Declared, Handler, Message, Messages, Recipient, ReplyTo, Request,
    Road, System, TaskActor, Turn,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::PATIENCE;
use super::journal::{Journal, moment};
use super::quiet::quiet_in;

/// An actor of the test's own: the test sees what it gets, in order, and
/// answers in its place. Made by [`probe`].
///
/// It lives as long as this, or as somebody has a reference to it. An ask that
/// it got is open until the test answers it, looks at the next message or
/// drops the probe; its asker is told `NoReply` then.
pub struct Probe<M: Message> {
    actor: ActorRef<Probed<M>>,
    got: UnboundedReceiver<Request<M>>,
    /// What was got and not looked at.
    queue: VecDeque<Request<M>>,
    /// Whom [`Probe::reply`] answers.
    asker: Option<ReplyTo<M::Reply, M::Error>>,
    journal: Journal,
}

/// The actor of a [`Probe`].
pub struct Probed<M: Message> {
    got: UnboundedSender<Request<M>>,
    journal: Journal,
}

/// An actor of the test's own that records the messages `M` it gets. A test
/// gives it to the actor under test in place of its collaborator.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[message(reply = u64)]
/// #[derive(Debug, PartialEq)]
/// struct Price(String);
///
/// #[actor]
/// struct Till { prices: Recipient<Price> }
///
/// #[actor]
/// impl Till {
///     #[message]
///     async fn total(&mut self, items: Vec<String>) -> u64 {
///         let mut total = 0;
///         for item in items {
///             total += self.prices.ask(Price(item)).await.unwrap_or(0);
///         }
///         total
///     }
/// }
///
/// # fn main() -> conclib::Result {
/// testing::run(async {
///     let system = testing::system();
///     let mut prices = testing::probe::<Price>(&system);
///     let till = system.spawn(Till { prices: prices.recipient() })?;
///     let total = till.total(vec!["tea".into(), "milk".into()]).reply().await?;
///
///     prices.expect_eq(Price("tea".into())).await;
///     prices.reply(300);
///     prices.expect(|Price(item)| item.starts_with('m')).await;
///     prices.reply(120);
///     assert_eq!(total.await?, 420);
///     prices.expect_none().await;
///     Ok(())
/// })
/// # }
/// ```
///
/// # Panics
/// It cannot be spawned: there is no runtime, or the system is shutting down.
#[track_caller]
pub fn probe<M: Message>(system: &System) -> Probe<M> {
    Probe::new(Journal::of(SystemUnderTest::of(system)))
}

impl<M: Message> Probe<M> {
    #[track_caller]
    pub(super) fn new(journal: Journal) -> Self {
        let (give, got) = unbounded_channel();
        let probed = Probed {
            got: give,
            journal: journal.clone(),
        };
        match journal.system().handle().spawn(probed) {
            Ok(actor) => Self {
                actor,
                got,
                queue: VecDeque::new(),
                asker: None,
                journal,
            },
            Err(error) => panic!("a probe of `{}` could not be spawned: {error}", M::NAME),
        }
    }

    /// Its address, for whoever sends `M`.
    pub fn recipient(&self) -> Recipient<M> {
        self.actor.recipient()
    }

    /// The reference to it.
    pub fn actor_ref(&self) -> ActorRef<Probed<M>> {
        self.actor.clone()
    }

    /// The next message, whatever it is.
    ///
    /// # Panics
    /// None came within ten seconds, which on paused time are over at once.
    /// The text says what came before.
    ///
    /// # Cancel safety
    /// Dropping the future loses no message.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = M> {
        let caller = Location::caller();
        async move {
            self.asker = None;
            let next = self.queue.pop_front();
            let next = match next {
                Some(next) => Some(next),
                None => timeout(PATIENCE, self.got.recv()).await.ok().flatten(),
            };
            let Some(Request { message, reply, .. }) = next else {
                panic!(
                    "{caller}: no `{}` came within {PATIENCE:?}; so far came: {}",
                    M::NAME,
                    list(&self.journal.names()),
                );
            };
            self.asker = reply.was_asked().then_some(reply);
            message
        }
    }

    /// The next message, which has to be as `is_right` says.
    ///
    /// # Panics
    /// It is not; the text says what it is. Or as [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    #[track_caller]
    pub fn expect(&mut self, is_right: impl FnOnce(&M) -> bool) -> impl Future<Output = M>
    where
        M: fmt::Debug,
    {
        let caller = Location::caller();
        let next = self.recv();
        async move {
            let message = next.await;
            if !is_right(&message) {
                panic!(
                    "{caller}: another `{}` was expected than {message:?}",
                    M::NAME
                );
            }
            message
        }
    }

    /// The next message, which has to be this one.
    ///
    /// # Panics
    /// It is not; the text says what it is. Or as [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    #[track_caller]
    pub fn expect_eq(&mut self, expected: M) -> impl Future<Output = ()>
    where
        M: fmt::Debug + PartialEq,
    {
        let caller = Location::caller();
        let next = self.recv();
        async move {
            let message = next.await;
            if message != expected {
                panic!("{caller}: {expected:?} was expected, and {message:?} came");
            }
        }
    }

    /// Checks that no message has come, and that none will: it waits until
    /// the system is [`quiet`](super::quiet).
    ///
    /// # Panics
    /// One has. Or as [`quiet`](super::quiet).
    ///
    /// # Cancel safety
    /// Dropping the future loses no message.
    #[track_caller]
    pub fn expect_none(&mut self) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            quiet_in(self.journal.system()).await;
            while let Ok(request) = self.got.try_recv() {
                self.queue.push_back(request);
            }
            let unexpected = self.queue.len();
            if unexpected > 0 {
                panic!(
                    "{caller}: no `{}` was expected, and {unexpected} came; so far came: {}",
                    M::NAME,
                    list(&self.journal.names()),
                );
            }
        }
    }

    /// Answers the ask that was looked at last.
    ///
    /// # Panics
    /// Nobody asked: nothing was looked at, it was told, or it was answered.
    #[track_caller]
    pub fn reply(&mut self, reply: M::Reply) {
        self.asker().send(reply);
    }

    /// Answers the ask that was looked at last with an error of the domain.
    ///
    /// # Panics
    /// As [`reply`](Self::reply).
    #[track_caller]
    pub fn fail(&mut self, error: M::Error) {
        self.asker().fail(error);
    }

    #[track_caller]
    fn asker(&mut self) -> ReplyTo<M::Reply, M::Error> {
        match self.asker.take() {
            Some(asker) => asker,
            None => panic!("nobody waits for an answer of this probe of `{}`", M::NAME),
        }
    }

    /// The wire names of what came so far, to it and to whoever has the same
    /// [`Journal`].
    pub fn names(&self) -> Vec<&'static str> {
        self.journal.names()
    }
}

/// The names, for people.
fn list(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    }
}

/// What a probe gets, with the moment when it was queued.
#[doc(hidden)]
pub struct Stamped<M: Message> {
    at: u64,
    request: Request<M>,
}

impl<M: Message> Stamped<M> {
    fn now(request: Request<M>) -> Self {
        Self {
            at: moment(),
            request,
        }
    }
}

// No mistake of a user is mended by a look at these.
#[diagnostic::do_not_recommend]
impl<M: Message> Messages for Stamped<M> {
    const NAMES: &'static [&'static str] = &[M::NAME];

    fn head(&self) -> Head<'_> {
        Head::of(0, &self.request)
    }

    fn refuse(self, failure: Failure) {
        self.request.refuse(failure);
    }

    fn queued(&mut self) {
        self.request.queued();
    }

    fn accept(envelope: &Envelope<'_>, asker: WireAsker) -> Accepted<Self> {
        match <M::Road as Road<M>>::WIRE && envelope.message == M::NAME {
            true => Accepted::of(accept(envelope, asker), Self::now),
            false => Accepted::Undeclared(asker),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message> Declared for Probed<M> {}

#[diagnostic::do_not_recommend]
impl<M: Message> Actor for Probed<M> {
    type Inbox = Stamped<M>;

    fn turn(
        &mut self,
        Stamped { at, request }: Stamped<M>,
        _: &mut Context<Self>,
    ) -> impl Future<Output = Turn> {
        self.journal.entries().add(at, M::NAME);
        // Without the probe, the asker is told that no reply comes.
        let _ = self.got.send(request);
        ready(Turn::Done)
    }

    fn offer(seek: &mut Seek<Self>) {
        seek.offer::<M>();
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message> TaskActor for Probed<M> {
    fn live<B: Birth<Self> + Send>(life: Life<Self, B>) -> impl Future<Output = ()> + Send {
        life.run()
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message> Handler<M> for Probed<M> {
    fn wrap(request: Request<M>) -> Stamped<M> {
        Stamped::now(request)
    }
}

impl<M: Message> fmt::Debug for Stamped<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stamped").field(&M::NAME).finish()
    }
}

impl<M: Message> fmt::Debug for Probed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Probed").field(&M::NAME).finish()
    }
}

impl<M: Message> fmt::Debug for Probe<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("actor", &self.actor)
            .field("names", &self.names())
            .finish_non_exhaustive()
    }
}
