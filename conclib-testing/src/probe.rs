//! Probes: actors of the test itself, which record the messages they get.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, ready};
use std::panic::Location;

use conclib_core::__private::{
    Accepted, ActorTask, AnyRequest, Dispatch, Factory, Head, RecipientLookup, RemoteCaller,
    SystemUnderTest,
};
use conclib_core::wire::Envelope;
use conclib_core::{
    Actor, ActorRef, Context, Declared, Handler, Message, Messages, Recipient, ReplyTo, Request,
    System, TaskActor, Turn,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::PATIENCE;
use super::journal::{Journal, moment};
use super::quiet::quiet_in;

/// Actor of the test itself: the test sees its messages, in order, and answers in its place. Made
/// by [`probe`].
///
/// The actor lives as long as the probe, or a reference to the actor. An ask stays open until the
/// test answers it, takes the next message or drops the probe; in the last two cases its asker gets
/// `NoReply`.
pub struct Probe<M: Message> {
    actor: ActorRef<Probed<M>>,
    got: UnboundedReceiver<Request<M>>,
    /// Messages that were received and not taken by the test.
    queue: VecDeque<Request<M>>,
    /// Asker that [`Probe::reply`] answers.
    asker: Option<ReplyTo<M::Reply, M::Error>>,
    journal: Journal,
}

/// Actor type of a [`Probe`].
pub struct Probed<M: Message> {
    got: UnboundedSender<Request<M>>,
    journal: Journal,
}

/// Spawns an actor of the test itself that records the messages `M` it gets. A test gives it to the
/// actor under test in place of a collaborator.
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
/// Panics if the probe cannot be spawned: without a runtime, or if the system is shutting down.
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

    /// Returns the address of the probe, for the senders of `M`.
    pub fn recipient(&self) -> Recipient<M> {
        self.actor.recipient()
    }

    /// Returns the reference to the probe's actor.
    pub fn actor_ref(&self) -> ActorRef<Probed<M>> {
        self.actor.clone()
    }

    /// Takes the next message.
    ///
    /// # Panics
    /// Panics if no message comes within ten seconds, which on paused time pass at once. The panic
    /// lists the messages that came before.
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

    /// Takes the next message, for which `is_right` has to return true.
    ///
    /// # Panics
    /// Panics if it returns false, and shows the message. Panics also as [`recv`](Self::recv) does.
    ///
    /// # Cancel safety
    /// Same as [`recv`](Self::recv).
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

    /// Takes the next message, which has to equal `expected`.
    ///
    /// # Panics
    /// Panics if it does not, and shows the message. Panics also as [`recv`](Self::recv) does.
    ///
    /// # Cancel safety
    /// Same as [`recv`](Self::recv).
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

    /// Checks that no message has come, and that none will: waits until the system is
    /// [`quiet`](super::quiet).
    ///
    /// # Panics
    /// Panics if a message has come. Panics also as [`quiet`](super::quiet) does.
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

    /// Answers the ask that was taken last.
    ///
    /// # Panics
    /// Panics if no asker waits: no message was taken, the last one was told, or it was answered.
    #[track_caller]
    pub fn reply(&mut self, reply: M::Reply) {
        self.asker().send(reply);
    }

    /// Answers the ask that was taken last with an error of the message's own type.
    ///
    /// # Panics
    /// Panics as [`reply`](Self::reply) does.
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

    /// Returns the wire names of the messages so far, to this probe and to all that share its
    /// [`Journal`].
    pub fn names(&self) -> Vec<&'static str> {
        self.journal.names()
    }
}

/// Formats the names for a panic message.
fn list(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => names.join(", "),
    }
}

/// Message of a probe, with the moment when it was queued.
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

// Hidden from diagnostics: these impls cannot be the cause of a user's error.
#[diagnostic::do_not_recommend]
impl<M: Message> Messages for Stamped<M> {
    const NAMES: &'static [&'static str] = &[M::NAME];

    fn head(&self) -> Head<'_> {
        Head::of(0, &self.request)
    }

    fn request(&mut self) -> &mut dyn AnyRequest {
        &mut self.request
    }

    fn accept(envelope: &Envelope<'_>, asker: RemoteCaller) -> Accepted<Self> {
        Dispatch::new(envelope, asker).to(Self::now).end()
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message> Declared for Probed<M> {}

#[diagnostic::do_not_recommend]
impl<M: Message> Actor for Probed<M> {
    type Inbox = Stamped<M>;
    type Ref = ActorRef<Self>;

    fn turn(
        &mut self,
        Stamped { at, request }: Stamped<M>,
        _: &mut Context<Self>,
    ) -> impl Future<Output = Turn> {
        self.journal.entries().add(at, M::NAME);
        // Without the probe the request is dropped, and its asker gets `NoReply`.
        let _ = self.got.send(request);
        ready(Turn::Done)
    }

    fn offer(seek: &mut RecipientLookup<Self>) {
        seek.offer::<M>();
    }
}

#[diagnostic::do_not_recommend]
impl<M: Message> TaskActor for Probed<M> {
    fn live<B: Factory<Self> + Send>(life: ActorTask<Self, B>) -> impl Future<Output = ()> + Send {
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
