//! Handler's end of an answer.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::task::{Context, Poll};

use conclib_wire::{Failure, Never};

use super::Answer;
use super::channel::{AnswerReceiver, AnswerSender, Lost, channel};
use super::deferred::Unanswered;
use super::remote::RemoteReply;
use super::traced::Traced;
use crate::actor_id::ActorId;
use crate::deadlock::{WaitNumber, WaitingTurn};
use crate::observe::Remarks;
use crate::spi::AnySlot;
use crate::time::CompactDeadline;

/// Handler's end of an answer.
///
/// Answering consumes a `ReplyTo`, so there is one answer at most. Dropping it
/// unanswered tells the asker so: [`AskError::NoReply`](crate::error::AskError::NoReply).
///
/// A handler gets a `ReplyTo` by [`Context::defer`](crate::node::Context::defer).
pub struct ReplyTo<T, E = Never>(pub(super) Slot<T, E>);

pub(super) enum Slot<T, E> {
    /// No caller asked: the message was told.
    Nobody,
    Local {
        sender: AnswerSender<Answer<T, E>>,
        /// Deadline of the asker.
        due: Option<CompactDeadline>,
        /// Number of the asker's wait, if the asker is a turn.
        wait: Option<WaitNumber>,
    },
    /// The asker is in another process.
    Wire(Box<RemoteReply<T, E>>),
    /// Reply of a local message that is traced or measured, or was passed on and
    /// came from another process.
    Traced(Box<Traced<T, E>>),
    /// The asker is behind the [`Deferred`](super::deferred::Deferred) of a handler.
    Deferred {
        later: Unanswered<T, E>,
        /// Deadline of the asker, for a request that is passed on.
        due: Option<CompactDeadline>,
    },
}

impl<T, E> ReplyTo<T, E> {
    pub(crate) const fn nobody() -> Self {
        Self(Slot::Nobody)
    }

    #[inline(always)]
    pub(crate) fn local() -> (Self, AnswerReceiver<Answer<T, E>>) {
        let (sender, receiver) = channel();
        let (due, wait) = (None, None);
        (Self(Slot::Local { sender, due, wait }), receiver)
    }

    /// Sets the deadline of the asker, if there is one.
    pub(crate) fn set_due(&mut self, until: Option<CompactDeadline>) {
        if let Slot::Local { due, .. } = &mut self.0 {
            *due = until;
        } else if let Slot::Traced(traced) = &mut self.0 {
            traced.reply.set_due(until);
        } else if let Slot::Deferred { due, .. } = &mut self.0 {
            *due = until;
        }
    }

    /// Notes the number of the wait, if the turn of an actor waits for the answer.
    pub(crate) fn set_wait(&mut self, number: WaitNumber) {
        if let Slot::Local { wait, .. } = &mut self.0 {
            *wait = Some(number);
        } else if let Slot::Traced(traced) = &mut self.0 {
            traced.reply.set_wait(number);
        }
    }

    /// Returns the number of the wait of the turn that asked.
    #[inline]
    pub(crate) fn wait(&self) -> Option<WaitNumber> {
        match &self.0 {
            Slot::Local { wait, .. } => *wait,
            Slot::Traced(traced) => traced.reply.wait(),
            Slot::Nobody | Slot::Wire(_) => None,
            Slot::Deferred { later, .. } => later.waiting()?.number(),
        }
    }

    /// Returns the turn that may wait for the answer, if `from` is the actor that
    /// asked.
    pub(crate) fn waiting(&self, from: Option<ActorId>) -> Option<WaitingTurn> {
        match &self.0 {
            Slot::Nobody => None,
            Slot::Local { wait, .. } => Some(WaitingTurn::Here(from?, (*wait)?)),
            Slot::Wire(reply) => Some(reply.waiting()),
            Slot::Traced(traced) => traced.reply.waiting(from),
            Slot::Deferred { later, .. } => later.waiting().cloned(),
        }
    }

    /// Returns the turn that may wait for the answer to a request that is passed on.
    pub(crate) fn passed(&self) -> Option<WaitingTurn> {
        match &self.0 {
            Slot::Nobody | Slot::Local { .. } | Slot::Wire(_) => None,
            Slot::Traced(traced) => traced.reply.passed(),
            Slot::Deferred { later, .. } => later.waiting().cloned(),
        }
    }

    /// Returns the deadline of the asker, and whether the asker has left.
    #[inline(always)]
    pub(crate) fn outlook(&self) -> (Option<CompactDeadline>, bool) {
        // Two comparisons cost less than a jump by a table of four entries.
        if let Slot::Local { sender, due, .. } = &self.0 {
            (*due, sender.is_closed())
        } else if self.is_nobody() {
            (None, false)
        } else {
            self.outlook_from_afar()
        }
    }

    #[inline(never)]
    fn outlook_from_afar(&self) -> (Option<CompactDeadline>, bool) {
        match &self.0 {
            Slot::Wire(reply) => reply.outlook(),
            Slot::Traced(traced) => traced.reply.outlook(),
            Slot::Deferred { later, due } => (*due, later.has_left()),
            Slot::Nobody | Slot::Local { .. } => (None, false),
        }
    }

    /// Returns the slot of an asker that waits in this process, without the type of the answer, or
    /// the handle itself if it is anything else.
    pub(crate) fn into_slot(self) -> Result<AnySlot, Self>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        match self.0 {
            Slot::Local { sender, .. } => sender.into_any().ok_or_else(Self::nobody),
            slot => Err(Self(slot)),
        }
    }

    pub(crate) fn wire(reply: RemoteReply<T, E>) -> Self {
        Self(Slot::Wire(Box::new(reply)))
    }

    /// Answers with a reply. If the asker has left, the reply is dropped.
    #[inline(always)]
    pub fn send(self, reply: T) {
        self.answer(Ok(Ok(reply)));
    }

    /// Answers with an error of the domain.
    pub fn fail(self, error: E) {
        self.answer(Ok(Err(error)));
    }

    /// Answers with a reply, and gives the reply to `lost` if the asker does not get it: it has left,
    /// leaves before it takes the reply, or did not ask.
    ///
    /// A reply on its way to another process is not given back. `lost` must not block.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Purse(mpsc::Sender<u64>);
    ///
    /// #[actor]
    /// impl Purse {
    ///     #[message]
    ///     fn coin(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
    ///         let (reply, deferred) = ctx.defer();
    ///         let found = self.0.clone();
    ///         reply.send_or(5, move |coin| { let _ = found.send(coin); });
    ///         deferred
    ///     }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let (found, lost) = mpsc::channel();
    /// let purse = system.spawn(Purse(found))?;
    /// purse.coin().await?;
    /// let unread = purse.coin().reply().await?;
    /// purse.coin().await?;
    /// drop(unread);
    /// assert_eq!(lost.try_iter().collect::<Vec<_>>(), [5]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_or(self, reply: T, lost: impl FnOnce(T) + Send + 'static) {
        self.offer(Ok(Ok(reply)), returned(lost));
    }

    /// Tells whether a caller still waits for the answer. A message that was told
    /// has no asker.
    pub fn is_wanted(&self) -> bool {
        match &self.0 {
            Slot::Nobody => false,
            Slot::Local { sender, .. } => !sender.is_closed(),
            Slot::Wire(reply) => reply.is_wanted(),
            Slot::Traced(traced) => traced.reply.is_wanted(),
            Slot::Deferred { later, .. } => later.is_wanted(),
        }
    }

    /// Answers with a reply or with an error of the domain, as
    /// [`send`](Self::send) and [`fail`](Self::fail) do.
    pub fn resolve(self, result: Result<T, E>) {
        self.answer(Ok(result));
    }

    /// Waits until the asker has left: it dropped its ask, its deadline is
    /// over, or the connection to its process is gone. For a message that was
    /// told there is no asker to leave, and this waits for ever.
    ///
    /// A handler that answers itself has
    /// [`Context::asker_gone`](crate::node::Context::asker_gone).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// struct Search;
    ///
    /// #[actor]
    /// impl Search {
    ///     #[message]
    ///     fn find(&mut self, what: String, ctx: &mut Context<Self>) -> Deferred<String> {
    ///         let (mut reply, deferred) = ctx.defer();
    ///         tokio::spawn(async move {
    ///             tokio::select! {
    ///                 found = look_for(what) => reply.send(found),
    ///                 () = reply.closed() => {}
    ///             }
    ///         });
    ///         deferred
    ///     }
    /// }
    ///
    /// # async fn look_for(what: String) -> String { what }
    /// #
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// assert_eq!(system.spawn(Search)?.find("needle".into()).await?, "needle");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the future only ends the waiting.
    pub fn closed(&mut self) -> impl Future<Output = ()> {
        poll_fn(|cx| self.poll_closed(cx))
    }

    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Slot::Nobody => Poll::Pending,
            Slot::Local { sender, .. } => sender.poll_closed(cx),
            Slot::Wire(reply) => reply.poll_left(cx),
            Slot::Traced(traced) => traced.reply.poll_closed(cx),
            Slot::Deferred { later, .. } => later.poll_closed(cx),
        }
    }

    /// Tells whether the message had an asker at all.
    #[doc(hidden)]
    pub fn was_asked(&self) -> bool {
        match &self.0 {
            Slot::Nobody => false,
            Slot::Wire(reply) => reply.was_asked(),
            Slot::Traced(traced) => traced.reply.was_asked(),
            _ => true,
        }
    }

    #[inline]
    pub(crate) fn remarks(&self) -> Option<&Remarks> {
        match &self.0 {
            Slot::Wire(reply) => Some(reply.remarks()),
            Slot::Traced(traced) => Some(&traced.remarks),
            _ => None,
        }
    }

    /// Notes that the answer does not come from the turn that handles the request, so
    /// an asker in another process does not wait for this turn.
    pub(crate) fn stands_aside(&self) {
        if let Some(WaitingTurn::Away(asked)) = self.waiting(None) {
            asked.stands_aside();
        }
    }

    /// Tells whether there is no asker to answer.
    #[inline]
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self.0, Slot::Nobody)
    }

    /// Answers with a failure of the delivery, if there is an asker.
    pub(crate) fn refuse(self, failure: Failure) {
        if !self.is_nobody() {
            self.answer(Err(Box::new(failure)));
        }
    }

    /// Tells a sender that waits for the end of the turn of a told message that it is over, where
    /// there is no answer.
    #[cold]
    pub(crate) fn handled(self) {
        match self.0 {
            Slot::Wire(reply) => reply.handled(),
            Slot::Traced(traced) => traced.reply.handled(),
            _ => {}
        }
    }

    #[inline(always)]
    pub(crate) fn answer(self, answer: Answer<T, E>) {
        // Two comparisons cost less than a jump by a table of five entries.
        if self.is_nobody() {
            mem::forget(self);
        } else if let Slot::Local { sender, .. } = self.0 {
            sender.send(answer);
        } else {
            self.answer_from_afar(answer);
        }
    }

    /// Answers, and gives the answer to `lost` if the asker does not get it.
    #[cold]
    pub(crate) fn offer(self, answer: Answer<T, E>, lost: Lost<Answer<T, E>>) {
        match self.0 {
            Slot::Nobody => lost(answer),
            Slot::Local { sender, .. } => sender.offer(answer, lost),
            Slot::Wire(reply) if !reply.is_wanted() => lost(answer),
            Slot::Wire(reply) => reply.answer(answer),
            Slot::Traced(traced) => traced.reply.offer(answer, lost),
            Slot::Deferred { later, .. } => later.offer(answer, lost),
        }
    }

    #[inline(never)]
    fn answer_from_afar(self, answer: Answer<T, E>) {
        match self.0 {
            Slot::Nobody => {}
            Slot::Local { sender, .. } => sender.send(answer),
            Slot::Wire(reply) => reply.answer(answer),
            Slot::Traced(traced) => traced.answer(answer),
            Slot::Deferred { later, .. } => later.answer(answer),
        }
    }
}

/// Makes a receiver of answers from one of replies.
fn returned<T, E>(lost: impl FnOnce(T) + Send + 'static) -> Lost<Answer<T, E>> {
    Box::new(move |answer| {
        if let Ok(Ok(reply)) = answer {
            lost(reply);
        }
    })
}

impl<T, E> fmt::Debug for ReplyTo<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo").finish_non_exhaustive()
    }
}
