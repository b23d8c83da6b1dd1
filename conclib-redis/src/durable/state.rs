//! State of a sender: what waits to be stored, and what waits for its answer.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use conclib_core::wire::{Answerer, Codec, RequestId, Wants};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant};

use super::entry::Mailbox;

/// Messages that may wait to be stored; one more is refused.
pub(super) const MAX_WAITING: usize = 16 * 1024;

/// Messages of a sender to all names of a namespace.
pub(super) struct State {
    /// Messages by the names they are for.
    pub(super) queues: Queues,
    pub(super) pending: HashMap<RequestId, Pending>,
    pub(super) deadlines: BTreeSet<(Instant, RequestId)>,
    /// Stored messages whose askers wait no more, oldest first: their answers are removed.
    pub(super) late: HashMap<RequestId, (Arc<str>, u64)>,
    order: VecDeque<RequestId>,
    pub(super) waiting: usize,
    pub(super) bytes: usize,
    pub(super) is_listening: bool,
    pub(super) has_clock: bool,
    pub(super) is_fetching: bool,
    /// `None` once closed.
    pub(super) tasks: Option<JoinSet<()>>,
}

/// Messages by the names they are for.
pub(super) type Queues = HashMap<Arc<str>, Queue>;

/// Messages to one name, in the order of their numbers.
pub(super) struct Queue {
    pub(super) to: Arc<str>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) messages: VecDeque<Queued>,
    /// Number of the last message.
    pub(super) last: u64,
    /// Numbers of the answers that have come, and that the server may forget.
    pub(super) taken: Vec<u64>,
    pub(super) is_sending: bool,
    /// Tells the task of the queue of another message.
    pub(super) more: Arc<Notify>,
    /// Time at which the server has last confirmed a number.
    pub(super) confirmed: Option<Instant>,
    /// Set if the server may have forgotten numbers since.
    pub(super) needs_check: bool,
    /// Set if the server has forgotten numbers, which it skips then.
    pub(super) skips: bool,
}

/// Message that waits to be stored.
pub(super) struct Queued {
    pub(super) number: u64,
    pub(super) id: RequestId,
    /// Empty for a message that was given up: only its number is used.
    pub(super) bytes: Bytes,
    /// Set once the message may be stored.
    pub(super) is_sent: bool,
    /// Set if the asker only waits until the message is stored.
    pub(super) ends_stored: bool,
}

/// Message whose sender waits.
pub(super) struct Pending {
    pub(super) answerer: Answerer,
    pub(super) wants: Wants,
    pub(super) codec: Codec,
    pub(super) to: Arc<str>,
    pub(super) number: u64,
    pub(super) since: Instant,
    pub(super) until: Instant,
    pub(super) timeout: Duration,
}

impl Queue {
    fn new(prefix: &str, to: Arc<str>) -> Self {
        Self {
            mailbox: Arc::new(Mailbox::new(prefix, &to)),
            to,
            messages: VecDeque::new(),
            last: 0,
            taken: Vec::new(),
            is_sending: false,
            more: Arc::default(),
            confirmed: None,
            needs_check: false,
            skips: false,
        }
    }
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            queues: HashMap::new(),
            pending: HashMap::new(),
            deadlines: BTreeSet::new(),
            late: HashMap::new(),
            order: VecDeque::new(),
            waiting: 0,
            bytes: 0,
            is_listening: false,
            has_clock: false,
            is_fetching: false,
            tasks: Some(JoinSet::new()),
        }
    }

    /// Returns the queue of a name.
    pub(super) fn queue(&mut self, prefix: &str, to: &str) -> &mut Queue {
        let queue = self.queues.entry(to.into());
        queue.or_insert_with_key(|to| Queue::new(prefix, to.clone()))
    }

    /// Takes a message whose deadline has passed; one that waits is not stored. True if it may be
    /// stored already.
    pub(super) fn expire(&mut self, id: RequestId) -> Option<(Pending, bool)> {
        let pending = self.pending.remove(&id)?;
        let queue = self.queues.get_mut(&pending.to);
        let mut messages = queue
            .into_iter()
            .flat_map(|queue| queue.messages.iter_mut());
        let is_sent = match messages.find(|message| message.id == id) {
            Some(message) => {
                self.bytes -= std::mem::take(&mut message.bytes).len();
                message.is_sent
            }
            None => true,
        };
        if is_sent {
            self.expect_late(id, &pending);
        }
        Some((pending, is_sent))
    }

    /// Notes that the answer to a message is not awaited any more.
    pub(super) fn expect_late(&mut self, id: RequestId, pending: &Pending) {
        if pending.wants == Wants::Queued {
            return;
        }
        while self.order.len() >= MAX_WAITING
            && let Some(oldest) = self.order.pop_front()
        {
            self.late.remove(&oldest);
        }
        self.order.push_back(id);
        self.late.insert(id, (pending.to.clone(), pending.number));
    }

    pub(super) fn take(&mut self, id: RequestId) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.deadlines.remove(&(pending.until, id));
        Some(pending)
    }
}
