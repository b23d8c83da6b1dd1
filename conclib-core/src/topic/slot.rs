//! Subscriber of a topic.
//!
//! While `missed` is above zero no newer message is sent: it is counted too, and the slot waits for
//! room in the mailbox with itself as the waker. So no task is needed, and none can be left over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use conclib_wire::StopReason;
use tokio::sync::Notify;

use super::Inner;
use super::notice::{Lag, LagSink};
use crate::actor_id::ActorId;
use crate::call::Target;
use crate::error::TellError;
use crate::events::Event;
use crate::mailbox::Ticket;
use crate::message::Message;
use crate::node::EndObserver;

pub(super) struct Subscriber<M: Message> {
    pub(super) to: Arc<dyn Target<M>>,
    /// `None` for a subscriber in another process, which cannot be waited for.
    notice: Option<LagSink>,
    /// True if publishers wait for the subscriber.
    waits: bool,
    topic: Weak<Inner<M>>,
    name: Arc<str>,
    /// Number of missed messages that were not reported yet.
    missed: AtomicU64,
    /// Number of all missed messages.
    total: AtomicU64,
    lag: Mutex<LagState>,
    gone: AtomicBool,
    /// Notifies waiting publishers that the subscriber is gone.
    pub(super) left: Arc<Notify>,
}

/// State of the notice of missed messages.
enum LagState {
    /// No notice is due.
    Idle,
    /// A thread works on the notice; `again` if there is more to do since.
    Busy { again: bool },
    /// The notice waits for room in the mailbox, which wakes the slot.
    Waiting(Ticket),
}

impl<M: Message> Subscriber<M> {
    pub(super) fn new(
        topic: &Arc<Inner<M>>,
        to: Arc<dyn Target<M>>,
        notice: Option<LagSink>,
        waits: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            to,
            waits: waits && notice.is_some(),
            notice,
            topic: Arc::downgrade(topic),
            name: topic.name.clone(),
            missed: AtomicU64::new(0),
            total: AtomicU64::new(0),
            lag: Mutex::new(LagState::Idle),
            gone: AtomicBool::new(false),
            left: Arc::default(),
        })
    }

    /// Registers for the end of the subscriber. Called once the topic has the slot, so that the end
    /// can remove it.
    pub(super) fn observe_end(self: &Arc<Self>) {
        if let Some(home) = self.notice.as_ref().map(LagSink::home) {
            let observer: Weak<Self> = Arc::downgrade(self);
            if !home.system().observe_end(home.id(), self.key(), observer) {
                self.leave();
            }
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    pub(super) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Delivers a message if there is room. Returns the message if the publisher has to wait.
    /// `make` is called without any lock.
    pub(super) fn offer(self: &Arc<Self>, make: impl FnOnce() -> Option<M>) -> Option<M> {
        if self.is_gone() || self.is_behind() {
            return None;
        }
        match self.to.try_tell(make()?, M::PRIORITY) {
            Ok(()) => None,
            Err(TellError::Stopped { .. }) => {
                self.leave();
                None
            }
            Err(error) if self.waits => Some(error.into_message()),
            Err(_) => {
                self.miss();
                None
            }
        }
    }

    /// Counts a message as missed if an earlier one was missed and is not reported yet.
    fn is_behind(&self) -> bool {
        let one_more = |missed| (missed > 0).then_some(missed + 1);
        let behind = !self.waits
            && self
                .missed
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more)
                .is_ok();
        if behind {
            self.count();
        }
        behind
    }

    /// Counts a missed message.
    pub(super) fn miss(self: &Arc<Self>) {
        self.count();
        if self.notice.is_some() {
            self.missed.fetch_add(1, Ordering::SeqCst);
            self.advance(false);
        } else {
            tracing::warn!(target: "conclib", topic = %self.name, urn = %self.to.urn(), "a subscriber in another process missed a message");
        }
    }

    fn count(&self) {
        self.total.fetch_add(1, Ordering::Relaxed);
        if let Some(topic) = self.topic.upgrade() {
            topic.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends the subscription. The event reports missed messages that were not reported.
    pub(super) fn leave(self: &Arc<Self>) {
        if self.gone.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some(topic) = self.topic.upgrade() {
            topic.remove(self);
        }
        self.left.notify_waiters();
        let Some(notice) = &self.notice else {
            return;
        };
        let home = notice.home();
        home.system().unobserve_end(home.id(), self.key());
        let waiting = match &mut *self.lag() {
            LagState::Idle => None,
            LagState::Busy { again } => {
                *again = true;
                None
            }
            line => std::mem::replace(line, LagState::Idle).into_ticket(),
        };
        if let Some(ticket) = waiting {
            home.leave_waiters(ticket);
        }
        self.tell(self.missed.swap(0, Ordering::SeqCst));
    }

    /// Advances the notice as far as possible: to wait for room, or into the mailbox. Holds no lock
    /// of the slot while it calls the mailbox, because that wakes other tasks.
    fn advance(self: &Arc<Self>, woken: bool) {
        let Some(notice) = &self.notice else {
            return;
        };
        let Some(mut ticket) = self.lag().begin(woken) else {
            return;
        };
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        let lag = Lag {
            topic: &self.name,
            missed: &self.missed,
            priority: M::PRIORITY,
        };
        loop {
            let polled = if self.is_gone() {
                if let Some(ticket) = ticket.take() {
                    notice.home().leave_waiters(ticket);
                }
                Poll::Ready(Ok(self.missed.swap(0, Ordering::SeqCst)))
            } else if ticket.is_none() && self.missed.load(Ordering::SeqCst) == 0 {
                Poll::Ready(Ok(0))
            } else {
                notice.poll(&mut cx, &mut ticket, lag)
            };
            match polled {
                Poll::Ready(Ok(told)) => self.tell(told),
                Poll::Ready(Err(())) => self.leave(),
                Poll::Pending => {}
            }
            if self.lag().rest(ticket) {
                return;
            }
        }
    }

    /// Emits the event of missed messages.
    fn tell(&self, missed: u64) {
        if missed == 0 {
            return;
        }
        tracing::debug!(target: "conclib", topic = %self.name, urn = %self.to.urn(), missed, "a subscriber missed messages");
        if let Some(notice) = &self.notice {
            notice.home().system().emit(|| Event::Missed {
                topic: self.name.to_string(),
                urn: self.to.urn(),
                missed,
            });
        }
    }

    /// Returns the key under which the slot follows the subscriber's end.
    fn key(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    fn lag(&self) -> MutexGuard<'_, LagState> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LagState {
    /// Returns the ticket to go on with, if the caller is the one to go on.
    fn begin(&mut self, woken: bool) -> Option<Option<Ticket>> {
        let ticket = match self {
            Self::Busy { again } => {
                *again = true;
                return None;
            }
            Self::Idle if woken => return None,
            Self::Waiting(_) if !woken => return None,
            Self::Idle => None,
            Self::Waiting(ticket) => Some(*ticket),
        };
        *self = Self::Busy { again: false };
        Some(ticket)
    }

    /// Ends the caller's work. Returns false if there is more to do since.
    fn rest(&mut self, ticket: Option<Ticket>) -> bool {
        let done = !matches!(self, Self::Busy { again: true });
        *self = match ticket {
            _ if !done => Self::Busy { again: false },
            Some(ticket) => Self::Waiting(ticket),
            None => Self::Idle,
        };
        done
    }

    fn into_ticket(self) -> Option<Ticket> {
        match self {
            Self::Waiting(ticket) => Some(ticket),
            Self::Idle | Self::Busy { .. } => None,
        }
    }
}

/// Advances the notice when the mailbox has room, or has closed.
impl<M: Message> Wake for Subscriber<M> {
    fn wake(self: Arc<Self>) {
        self.advance(true);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.advance(true);
    }
}

impl<M: Message> EndObserver for Subscriber<M> {
    fn ended(self: Arc<Self>, _: ActorId, _: &StopReason) {
        self.leave();
    }
}
