//! What a handler may do besides replying.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

mod family;
mod input;

use super::cell::Cell;
use super::sources::Sources;
use super::{Actor, ActorRef, AnyRef, AskerGone, By, Messages, Signal};
use crate::current::{self, ActorId};
use crate::due::Due;
use crate::message::Message;
use crate::named::Named;
use crate::observe::{Observed, Remarks};
use crate::reply::{Deferred, ReplyTo, Request};
use crate::system::System;
use crate::urn::Urn;
use crate::waits::Waiting;
use crate::wire::{Origin, RequestEnvelope};

/// What a handler may do besides replying. It takes it as its last parameter,
/// `ctx: &mut Context<Self>`.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor(urn = "doorman")]
/// struct Doorman;
///
/// #[actor]
/// impl Doorman {
///     #[message]
///     fn close(&mut self, ctx: &mut Context<Self>) -> String {
///         ctx.stop();
///         format!("{} goes home", ctx.urn())
///     }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let doorman = system.spawn(Doorman)?;
///     assert_eq!(doorman.close().await?, "doorman goes home");
///     assert_eq!(doorman.stopped().await, Some(StopReason::Stopped));
///     Ok(())
/// }
/// ```
pub struct Context<A: Actor> {
    /// Not a strong reference: an actor that held itself would live for ever.
    cell: Arc<Cell<A>>,
    from: Option<ActorId>,
    /// Until when the asker of the turn waits.
    due: Option<Due>,
    /// Turn that waits for the answer to a request that may be passed on.
    waiting: Option<Waiting>,
    /// Where the message came from, if it was outside.
    outside: Option<Box<Origin>>,
    /// What it has besides its mailbox, if anything. The mutex is never locked:
    /// it lets a context be shared, which what is inside could not be.
    sources: Option<Box<Mutex<Sources<A::Inbox>>>>,
}

/// Which message it is whose turn comes, and who sent it.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub(crate) index: usize,
    pub(crate) from: Option<ActorId>,
    /// Origin and notes, of a message that came from outside or is traced.
    pub(crate) remarks: Option<&'a Remarks>,
    /// Until when its asker waits.
    pub(crate) due: Option<Due>,
    /// Its asker does not wait any more.
    pub(crate) left: bool,
}

impl<'a> Head<'a> {
    /// The head of a request, which is the `index`th message of its actor.
    #[inline]
    pub fn of<M: Message>(index: usize, request: &'a Request<M>) -> Self {
        let (due, left) = request.reply.outlook();
        Self {
            index,
            from: request.from,
            remarks: request.reply.remarks(),
            due,
            left,
        }
    }

    /// The head of a message of a protocol, whose names begin at `offset`.
    #[must_use]
    #[inline]
    pub fn nested(mut self, offset: usize) -> Self {
        self.index += offset;
        self
    }

    /// The head of a message that is not declared.
    pub fn undeclared(index: usize, request: &'a RequestEnvelope) -> Self {
        Self {
            index,
            from: None,
            remarks: Some(request.asker.remarks()),
            due: None,
            left: request.asker.has_left(),
        }
    }
}

impl<A: Actor> Context<A> {
    pub(crate) fn new(cell: Arc<Cell<A>>) -> Self {
        Self {
            cell,
            from: None,
            due: None,
            waiting: None,
            outside: None,
            sources: None,
        }
    }

    /// Until when the asker of the turn that begins waits: what the turn asks
    /// has no longer.
    #[inline]
    fn wait_until(&mut self, due: Option<Due>) {
        if self.due != due {
            self.due = due;
            current::set_due(due);
        }
    }

    /// The request of the turn that begins may be passed on.
    pub(crate) fn may_pass_on<T, E>(&mut self, reply: &ReplyTo<T, E>) {
        self.waiting = reply.waiting(self.from);
    }

    pub(crate) fn due(&self) -> Option<Due> {
        self.due
    }

    /// What it has besides its mailbox, from now on.
    pub(crate) fn sources(&mut self) -> &mut Sources<A::Inbox> {
        let sources = self.sources.get_or_insert_with(Box::default);
        sources.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another number of handlers runs beside the turns: who looks on sees it.
    pub(crate) fn count_beside(&mut self) {
        let handling = self.sources().handling();
        let stats = &self.cell.stats;
        stats.beside.store(handling, Ordering::Relaxed);
    }

    /// What it has besides its mailbox, if anything.
    #[inline]
    pub(crate) fn has_sources(&self) -> bool {
        self.sources.is_some()
    }

    /// Whether a handler runs beside the turns.
    #[cfg(feature = "testing")]
    pub(crate) fn has_unfinished(&mut self) -> bool {
        self.has_sources() && self.sources().unfinished().next().is_some()
    }

    /// It has nothing besides its mailbox any more.
    pub(crate) fn take_sources(&mut self) -> Option<Sources<A::Inbox>> {
        let sources = self.sources.take()?;
        Some(sources.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// A turn begins that no message has.
    pub(crate) fn begin_other(&mut self) {
        self.from = None;
        self.wait_until(None);
        self.outside = None;
    }

    pub(crate) fn cell(&self) -> &Arc<Cell<A>> {
        &self.cell
    }

    /// The actor that sent the message whose turn it is, or was.
    pub(crate) fn from(&self) -> Option<ActorId> {
        self.from
    }

    /// The turn of a message begins.
    pub(crate) fn begin(&mut self, head: Head<'_>) {
        self.cell.stats.began(head.index);
        self.from = head.from;
        self.wait_until(head.due);
        match head.remarks {
            Some(_) => self.begin_remarked(head),
            None if self.cell.meter.is_on() => self.begin_remarked(head),
            None if self.outside.is_some() => self.outside = None,
            None => {}
        }
    }

    /// For those turns that have more to them.
    #[cold]
    #[inline(never)]
    fn begin_remarked(&mut self, head: Head<'_>) {
        let origin = head.remarks.map(|remarks| &remarks.origin);
        let outside = origin.filter(|origin| **origin != Origin::Local);
        self.outside = outside.map(|origin| Box::new(origin.clone()));
        let note = head.remarks.and_then(|remarks| remarks.note.as_ref());
        if note.is_some() || self.cell.meter.is_on() {
            let cell = &self.cell;
            cell.watch.begin(Observed::of(
                &**cell,
                A::Inbox::name(head.index),
                cell.generation(),
                note,
                &cell.meter,
            ));
        }
    }

    /// A reference to this actor, which keeps an anonymous actor alive as any
    /// other does, also if it is made after the last one from outside has gone,
    /// in a turn of what was queued until then. Kept in the actor's own state it
    /// keeps the actor alive until that is stopped: keep a
    /// [`WeakRef`](crate::WeakRef) there. A message that an actor sends to
    /// itself does not keep it alive.
    ///
    /// What an actor sends to itself is never refused and never waits; it is
    /// handled after what is queued already. A turn that asks its own actor
    /// fails at once: [`AskError::Cycle`](crate::AskError::Cycle).
    pub fn me(&self) -> ActorRef<A> {
        self.cell.acquire();
        ActorRef::local(self.cell.clone())
    }

    /// The name of this actor.
    pub fn urn(&self) -> Urn {
        self.cell.urn()
    }

    /// The system it lives in.
    pub fn system(&self) -> System {
        System::handle(&self.cell.system)
    }

    /// Ends this actor once what is queued is served, as
    /// [`ActorRef::stop`] does. The turn goes on and its reply is delivered.
    pub fn stop(&self) {
        self.cell.tell_to_end(Signal::Drain, By::Anyone);
    }

    /// Ends this actor after this turn, as [`ActorRef::stop_now`] does.
    pub fn stop_now(&self) {
        self.cell.tell_to_end(Signal::Now, By::Anyone);
    }

    /// The actor that sent the message whose turn it is. `None` if it was sent
    /// by other code, from outside the system, or by an actor that has ended.
    pub fn sender(&self) -> Option<AnyRef> {
        self.cell.system.resident(self.from?).map(AnyRef::new)
    }

    /// Where the message came from: this process, or which other.
    pub fn origin(&self) -> &Origin {
        self.outside.as_deref().unwrap_or(&Origin::Local)
    }

    /// Resolves when whoever asked for this turn has left: it dropped its ask,
    /// its deadline is over, or the connection to its process is gone. A
    /// handler that works for long need not go on then. For a message that was
    /// told there is no asker to leave: it never resolves.
    ///
    /// It does not borrow the context. It is for the handler itself: in a task
    /// that the handler spawns it never resolves; there, wait for
    /// [`ReplyTo::closed`].
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
    /// async fn look_everywhere() -> String { std::future::pending().await }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let search = system.spawn(Search::default())?;
    ///     let late = search.find().timeout(Duration::from_millis(100)).await;
    ///     assert!(matches!(late, Err(AskError::Deadline { .. })));
    ///     assert_eq!(search.given_up().await?, 1);
    ///     Ok(())
    /// }
    /// ```
    pub fn asker_gone(&self) -> AskerGone {
        AskerGone::new(self.cell.id)
    }

    /// For a handler that answers later: return the [`Deferred`], and answer
    /// through the [`ReplyTo`] from wherever it was moved to.
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
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     assert_eq!(system.spawn(Slow)?.double(4).await?, 8);
    ///     Ok(())
    /// }
    /// ```
    pub fn defer<T, E>(&self) -> (ReplyTo<T, E>, Deferred<T, E>) {
        Deferred::pair()
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("urn", &self.urn())
            .finish_non_exhaustive()
    }
}
