//! Context of a handler: the actions and facts it has besides its message and
//! its reply.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use conclib_wire::Urn;

use super::actor::{Actor, Messages};
use super::cell::ActorCell;
use super::inputs::Inputs;
use crate::actor_id::ActorId;
use crate::deadlock::WaitingTurn;
use crate::mailbox::{By, Signal};
use crate::message::Message;
use crate::named::Named;
use crate::observe::{Remarks, TurnSpan};
use crate::reply::{ReplyTo, Request, RequestEnvelope};
use crate::spi::{Origin, Outside};
use crate::time::CompactDeadline;
use crate::turn_scope;

/// Number of turns after which a busy actor yields to other tasks: the same as tokio's
/// budget for the operations of a task.
pub(crate) const TURNS_IN_A_ROW: u32 = 128;

/// Context of a handler: gives access to the actor itself, its system, its
/// children, its inputs and the sender of the message. A handler takes it as
/// its last parameter, `ctx: &mut Context<Self>`.
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
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let doorman = system.spawn(Doorman)?;
/// assert_eq!(doorman.close().await?, "doorman goes home");
/// assert_eq!(doorman.stopped().await, Some(StopReason::Stopped));
/// # Ok(())
/// # }
/// ```
pub struct Context<A: Actor> {
    /// Not counted as a strong reference: an actor that held itself would live
    /// for ever.
    pub(crate) cell: Arc<ActorCell<A>>,
    pub(crate) from: Option<ActorId>,
    /// Deadline of the asker of this turn.
    pub(crate) due: Option<CompactDeadline>,
    /// Number of turns until a busy actor yields to other tasks.
    pub(crate) turns_left: u32,
    /// Number of further requests that the current turn handles.
    pub(crate) joined: u32,
    /// Turn of the asker that waits for the answer, if the request may be
    /// forwarded.
    pub(crate) waiting: Option<WaitingTurn>,
    /// Origin of the message and attempt, if it is not the first one of this process.
    pub(crate) outside: Option<Outside>,
    /// Inputs besides the mailbox, if there are any. The mutex is never locked:
    /// it makes the context `Sync`, which the streams inside are not.
    pub(crate) inputs: Option<Box<Mutex<Inputs<A::Inbox>>>>,
}

/// Head of a message, read before its turn begins.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub(crate) index: usize,
    pub(crate) from: Option<ActorId>,
    /// Origin and notes, of a message that came from outside or is traced.
    pub(crate) remarks: Option<&'a Remarks>,
    /// Deadline of the asker.
    pub(crate) due: Option<CompactDeadline>,
    /// True if the asker does not wait any more.
    pub(crate) left: bool,
}

impl<'a> Head<'a> {
    /// Returns the head of a request, which is the `index`th message of its actor.
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

    /// Returns the head of a message of a protocol, whose names begin at `offset`.
    #[must_use]
    #[inline]
    pub fn nested(mut self, offset: usize) -> Self {
        self.index += offset;
        self
    }

    /// Returns the head of a message that is not declared.
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
    pub(crate) fn new(cell: Arc<ActorCell<A>>) -> Self {
        Self {
            cell,
            from: None,
            due: None,
            turns_left: TURNS_IN_A_ROW,
            joined: 0,
            waiting: None,
            outside: None,
            inputs: None,
        }
    }

    /// Sets the deadline of the asker of the turn that begins: requests that the
    /// turn sends have no more time than that.
    #[inline]
    fn wait_until(&mut self, due: Option<CompactDeadline>) {
        if self.due != due {
            self.due = due;
            turn_scope::set_due(due);
        }
    }

    /// Remembers the waiting turn of the asker, since the request of the turn
    /// that begins may be forwarded.
    pub(crate) fn may_pass_on<T, E>(&mut self, reply: &ReplyTo<T, E>) {
        self.waiting = reply.waiting(self.from);
    }

    pub(crate) fn due(&self) -> Option<CompactDeadline> {
        self.due
    }

    /// Inputs besides the mailbox, created on first use.
    pub(crate) fn inputs(&mut self) -> &mut Inputs<A::Inbox> {
        let inputs = self.inputs.get_or_insert_with(Box::default);
        inputs.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes the number of concurrent handlers in the counters of the
    /// actor.
    pub(crate) fn count_beside(&mut self) {
        let handling = self.inputs().sources.handling();
        let stats = &self.cell.stats;
        stats.beside.store(handling, Ordering::Relaxed);
    }

    /// Tells whether there are inputs besides the mailbox.
    #[inline]
    pub(crate) fn has_inputs(&self) -> bool {
        self.inputs.is_some()
    }

    /// Tells whether a concurrent handler has not finished.
    pub(crate) fn has_unfinished(&mut self) -> bool {
        self.has_inputs() && self.inputs().sources.unfinished().next().is_some()
    }

    /// Takes all inputs besides the mailbox away.
    pub(crate) fn take_inputs(&mut self) -> Option<Inputs<A::Inbox>> {
        let inputs = self.inputs.take()?;
        Some(inputs.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins a turn without a message, such as that of a hook.
    pub(crate) fn begin_other(&mut self) {
        self.from = None;
        self.wait_until(None);
        self.outside = None;
    }

    pub(crate) fn cell(&self) -> &Arc<ActorCell<A>> {
        &self.cell
    }

    /// Actor that sent the message of the current or last turn.
    pub(crate) fn from(&self) -> Option<ActorId> {
        self.from
    }

    /// Begins the turn of a message.
    #[inline(always)]
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

    /// Rest of [`begin`](Self::begin) for a turn that has a remote asker, or is
    /// traced or measured. Most turns are none of these, so it is not inlined.
    #[cold]
    #[inline(never)]
    fn begin_remarked(&mut self, head: Head<'_>) {
        self.outside = head.remarks.and_then(|remarks| {
            let origin = remarks.origin.clone()?;
            let attempt = remarks.attempt;
            (*origin != Origin::Local || attempt > 1).then_some(Outside { origin, attempt })
        });
        let note = head.remarks.and_then(|remarks| remarks.note.as_ref());
        if note.is_some() || self.cell.meter.is_on() {
            let cell = &self.cell;
            cell.watch.begin(TurnSpan::of(
                &**cell,
                A::Inbox::name(head.index),
                cell.generation(),
                note,
                &cell.meter,
            ));
        }
    }

    /// Returns the name of this actor.
    pub fn urn(&self) -> Urn {
        self.cell.urn()
    }

    /// Ends this actor once the queued messages are handled, as
    /// [`ActorRef::stop`](super::ActorRef::stop) does. The turn goes on and its reply is delivered.
    pub fn stop(&self) {
        self.cell.tell_to_end(Signal::Drain, By::Anyone);
    }

    /// Ends this actor after this turn, as [`ActorRef::stop_now`](super::ActorRef::stop_now) does.
    pub fn stop_now(&self) {
        self.cell.tell_to_end(Signal::Now, By::Anyone);
    }

    /// Origin of the message: this process, or the other process that sent it.
    pub fn origin(&self) -> &Origin {
        let outside = self.outside.as_ref();
        outside.map_or(&Origin::Local, |outside| &outside.origin)
    }

    /// Number of the attempt to deliver the message, 1 for the first. A message that is delivered
    /// at least once may have been handled by an earlier attempt: see
    /// [`Call::durable`](crate::call::Call::durable).
    pub fn attempt(&self) -> u32 {
        self.outside.as_ref().map_or(1, |outside| outside.attempt)
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("urn", &self.urn())
            .finish_non_exhaustive()
    }
}
