//! Sender of durable messages: what waits to be stored, and what waits for its answer.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use conclib_core::Delivery;
use conclib_core::wire::{
    Answered, Answerer, Codec, CodecError, Envelope, Failure, MAX_BODY, MAX_TIMEOUT, RefScope,
    RequestId, Response, ResponseKind, SendRefused, Wants, enter,
};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep_until};

use super::entry::{Mailbox, decode_answer, encode};
use super::scripts::Scripts;
use super::sending::TAKEN;
use crate::endpoint::{Endpoint, Listener};
use crate::error::RedisError;

/// Messages, and bytes of them, that may wait to be stored; one more is refused.
const MAX_WAITING: usize = 16 * 1024;
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Time after which an answer that has not come is looked for.
const FETCH: Duration = Duration::from_secs(5);

/// Time in which a sender that closes has the server forget it.
const FORGET: Duration = Duration::from_secs(1);

/// Sender of durable messages to all names of a namespace.
pub(crate) struct Sender {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) scripts: Scripts,
    /// Name of the sender, which no other one has.
    pub(super) name: Box<str>,
    scope: Weak<dyn RefScope>,
    runtime: Handle,
    me: Weak<Self>,
    state: Mutex<State>,
    /// Tells the clock that the earliest deadline has changed.
    earlier: Notify,
}

pub(super) struct State {
    /// Messages by the names they are for.
    pub(super) queues: Queues,
    pending: HashMap<RequestId, Pending>,
    deadlines: BTreeSet<(Instant, RequestId)>,
    /// Stored messages whose askers wait no more, oldest first: their answers are removed.
    late: HashMap<RequestId, (Box<str>, u64)>,
    order: VecDeque<RequestId>,
    waiting: usize,
    bytes: usize,
    is_listening: bool,
    has_clock: bool,
    is_fetching: bool,
    /// `None` once closed.
    tasks: Option<JoinSet<()>>,
}

/// Messages by the names they are for.
type Queues = HashMap<Box<str>, Queue>;

/// Messages to one name, in the order of their numbers.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) messages: VecDeque<Queued>,
    /// Number of the last message.
    pub(super) last: u64,
    /// Numbers of the answers that have come, and that the server may forget.
    pub(super) taken: Vec<u64>,
    pub(super) is_sending: bool,
    /// Tells the task of the queue of another message.
    more: Arc<Notify>,
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
}

/// Message whose sender waits.
struct Pending {
    answerer: Answerer,
    wants: Wants,
    codec: Codec,
    to: Box<str>,
    number: u64,
    since: Instant,
    until: Instant,
    timeout: Duration,
}

impl Sender {
    pub(crate) fn new(
        endpoint: Arc<Endpoint>,
        name: u128,
        runtime: Handle,
        scope: Weak<dyn RefScope>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me: &Weak<Self>| Self {
            endpoint,
            scripts: Scripts::new(),
            name: format!("{name:032x}").into(),
            scope,
            runtime,
            me: me.clone(),
            state: Mutex::new(State {
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
            }),
            earlier: Notify::new(),
        })
    }

    /// Queues a message. The answerer is called once it is stored, or with the answer of its
    /// handler, or with a failure.
    pub(crate) fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let mut state = self.lock();
        if state.tasks.is_none() {
            return Err((SendRefused::Closed, answerer));
        }
        if state.waiting >= MAX_WAITING || state.bytes >= MAX_BYTES {
            drop(state);
            answerer(Err(Failure::MailboxFull));
            return Ok(());
        }
        let mailbox = Mailbox::new(&self.endpoint.prefix, envelope.to);
        let queue = state.queues.entry(envelope.to.into()).or_default();
        let number = queue.last + 1;
        let signer = &self.endpoint.signer;
        let bytes = match encode(&mailbox, &self.name, number, envelope, signer) {
            Ok(bytes) => bytes,
            Err(_) => {
                let error = CodecError::TooLarge { limit: MAX_BODY };
                return Err((SendRefused::Codec(error), answerer));
            }
        };
        queue.last = number;
        let len = bytes.len();
        queue.messages.push_back(Queued {
            number,
            id: envelope.id,
            bytes,
            is_sent: false,
        });
        queue.more.notify_one();
        state.waiting += 1;
        state.bytes += len;
        let since = Instant::now();
        let until = since + envelope.timeout.min(MAX_TIMEOUT);
        let pending = Pending {
            answerer,
            wants: envelope.wants,
            codec: envelope.codec,
            to: envelope.to.into(),
            number,
            since,
            until,
            timeout: envelope.timeout,
        };
        state.pending.insert(envelope.id, pending);
        state.deadlines.insert((until, envelope.id));
        if state.deadlines.first() == Some(&(until, envelope.id)) {
            self.earlier.notify_one();
        }
        self.run_queue(&mut state, envelope.to);
        if !std::mem::replace(&mut state.has_clock, true) {
            self.spawn(&mut state, run_clock(self.me.clone()));
        }
        Ok(())
    }

    /// Forgets the asker of a message. The message is delivered if it is stored.
    pub(crate) fn cancel(&self, id: RequestId) {
        let given_up = {
            let mut state = self.lock();
            let pending = state.take(id);
            if let Some(pending) = &pending {
                state.expect_late(id, pending);
            }
            pending
        };
        drop(given_up);
    }

    /// Subscribes to the answers, at the first message.
    pub(super) async fn listen(&self) -> Result<(), RedisError> {
        if self.lock().is_listening {
            return Ok(());
        }
        let listener: Weak<dyn Listener> = self.me.clone();
        self.endpoint.listen(self.answers(), listener).await?;
        self.lock().is_listening = true;
        Ok(())
    }

    fn answers(&self) -> Arc<str> {
        answers_channel(&self.endpoint.prefix, &self.name)
    }

    /// Notes that messages up to a number are stored: those that only wanted that are answered.
    pub(super) fn stored(&self, to: &str, last: u64) {
        let mut answered = Vec::new();
        {
            let mut state = self.lock();
            let state = &mut *state;
            let Some(queue) = state.queues.get_mut(to) else {
                return;
            };
            queue.confirmed = Some(Instant::now());
            (queue.needs_check, queue.skips) = (false, false);
            let mut stored = Vec::new();
            while let Some(message) = queue.messages.pop_front_if(|next| next.number <= last) {
                state.waiting -= 1;
                state.bytes -= message.bytes.len();
                stored.push(message.id);
            }
            for id in stored {
                let is_queued = |pending: &Pending| pending.wants == Wants::Queued;
                if state.pending.get(&id).is_some_and(is_queued) {
                    answered.extend(state.take(id).map(|pending| (id, pending)));
                }
            }
        }
        for (
            id,
            Pending {
                answerer, codec, ..
            },
        ) in answered
        {
            let response = Response {
                id,
                kind: ResponseKind::Queued,
                codec,
                body: &[],
            };
            self.answer(answerer, Ok(response));
        }
    }

    /// Notes that the server has forgotten numbers: it skips them with the next batch.
    pub(super) fn skip(&self, to: &str) {
        if let Some(queue) = self.lock().queues.get_mut(to) {
            queue.skips = true;
        }
    }

    /// Notes answers that have come, and that the server has not removed yet.
    pub(super) fn not_taken(&self, to: &str, taken: Vec<u64>) {
        if let Some(queue) = self.lock().queues.get_mut(to) {
            queue.taken.extend(taken);
        }
    }

    /// Fails a message that is not stored.
    pub(super) fn refuse(&self, to: &str, number: u64, failure: Failure) {
        let pending = {
            let mut state = self.lock();
            let state = &mut *state;
            let queue = state.queues.get_mut(to);
            let mut messages = queue
                .into_iter()
                .flat_map(|queue| queue.messages.iter_mut());
            let Some(message) = messages.find(|message| message.number == number) else {
                return;
            };
            state.bytes -= std::mem::take(&mut message.bytes).len();
            let id = message.id;
            state.take(id)
        };
        if let Some(pending) = pending {
            self.answer(pending.answerer, Err(failure));
        }
    }

    /// Passes an answer on to its asker.
    pub(super) fn complete(&self, bytes: &[u8]) {
        let Some(response) = decode_answer(&self.name, bytes, &self.endpoint.signer) else {
            self.endpoint.counters.drop_forged();
            return;
        };
        let pending = {
            let mut state = self.lock();
            let pending = state.take(response.id);
            let place = match &pending {
                Some(pending) => Some((pending.to.clone(), pending.number)),
                None => state.late.remove(&response.id),
            };
            if let Some((to, number)) = place
                && let Some(queue) = state.queues.get_mut(&to)
            {
                queue.taken.push(number);
                self.run_queue(&mut state, &to);
            }
            pending
        };
        if let Some(pending) = pending {
            self.answer(pending.answerer, Ok(response));
        }
    }

    /// Tells whether nothing waits for the task of a name, which then ends.
    pub(super) fn is_done(&self, to: &str) -> bool {
        let mut state = self.lock();
        let Some(queue) = state.queues.get_mut(to) else {
            return true;
        };
        queue.is_sending =
            !queue.messages.is_empty() || !queue.taken.is_empty() || queue.needs_check;
        !queue.is_sending
    }

    /// Returns the notice of another message, if only a few taken answers are to be told of.
    pub(super) fn waits_for_more(&self, to: &str) -> Option<Arc<Notify>> {
        let state = self.lock();
        let queue = state.queues.get(to)?;
        let is_idle = queue.messages.is_empty() && !queue.needs_check;
        (is_idle && queue.taken.len() < TAKEN).then(|| queue.more.clone())
    }

    /// Returns the names from which answers have been awaited for that time.
    fn awaited(&self, time: Duration) -> BTreeSet<Box<str>> {
        let state = self.lock();
        let pending = state.pending.values();
        pending
            .filter(|pending| pending.wants != Wants::Queued && pending.since.elapsed() >= time)
            .map(|pending| pending.to.clone())
            .collect()
    }

    /// Fetches the answers that have been awaited for that time: nobody may have published them, or
    /// nobody may have listened.
    async fn fetch_missed(&self, time: Duration) {
        for to in self.awaited(time) {
            if self.endpoint.up().await.is_none() {
                return;
            }
            match super::sending::answers(self, &to).await {
                Ok(answers) => answers.iter().for_each(|answer| self.complete(answer)),
                Err(error) => {
                    tracing::debug!(target: "conclib::redis", %error, urn = &*to, "answers were not fetched");
                }
            }
        }
    }

    /// Gives up what waits, and ends the subscription. Idempotent.
    pub(crate) async fn close(&self) {
        let Some((mut tasks, queues)) = self.give_up() else {
            return;
        };
        tasks.shutdown().await;
        let forgetting = super::sending::forget(self, queues.into_keys());
        // The server forgets a sender that it does not reach after a while.
        let _ = tokio::time::timeout(FORGET, forgetting).await;
        self.endpoint.unlisten(&self.answers()).await;
    }

    /// Gives up what waits, at once.
    pub(crate) fn end(&self) {
        let given_up = self.give_up();
        drop(given_up);
    }

    /// Gives up what waits: what is stored is delivered. Returns the tasks and the queues, the first
    /// time.
    fn give_up(&self) -> Option<(JoinSet<()>, Queues)> {
        let (tasks, pending, queues) = {
            let mut state = self.lock();
            state.deadlines.clear();
            let pending = std::mem::take(&mut state.pending);
            let queues = std::mem::take(&mut state.queues);
            (state.tasks.take(), pending, queues)
        };
        for pending in pending.into_values() {
            let failure = Failure::Disconnected(Delivery::MayHaveRun);
            self.answer(pending.answerer, Err(failure));
        }
        Some((tasks?, queues))
    }

    fn answer(&self, answerer: Answerer, answer: Result<Response<'_>, Failure>) {
        let answered = answer.map(|response| Answered {
            response,
            items: None,
        });
        let answering =
            std::panic::AssertUnwindSafe(|| enter(self.scope.upgrade(), || answerer(answered)));
        if std::panic::catch_unwind(answering).is_err() {
            tracing::error!(target: "conclib::redis", "reading a reply panicked; its asker gets none");
        }
    }

    /// Begins the task of a name, unless it runs.
    fn run_queue(&self, state: &mut State, to: &str) {
        let queue = state.queues.get_mut(to);
        if queue.is_some_and(|queue| !std::mem::replace(&mut queue.is_sending, true)) {
            self.spawn(state, super::sending::run(self.me.clone(), to.into()));
        }
    }

    fn spawn(&self, state: &mut State, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = &mut state.tasks {
            while tasks.try_join_next().is_some() {}
            tasks.spawn_on(task, &self.runtime);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a message whose deadline has passed; one that waits is not stored. True if it may be
    /// stored already.
    fn expire(&mut self, id: RequestId) -> Option<(Pending, bool)> {
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
    fn expect_late(&mut self, id: RequestId, pending: &Pending) {
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

    fn take(&mut self, id: RequestId) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.deadlines.remove(&(pending.until, id));
        Some(pending)
    }
}

impl Listener for Sender {
    fn message(&self, payload: Bytes) {
        let mut rest = payload;
        while rest.len() >= 4 {
            let len = rest.split_to(4);
            let len = len
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            if len > rest.len() {
                self.endpoint.counters.drop_forged();
                return;
            }
            self.complete(&rest.split_to(len));
        }
    }

    fn missed(&self) {
        let mut state = self.lock();
        let Some(me) = self.me.upgrade() else { return };
        self.spawn(
            &mut state,
            async move { me.fetch_missed(Duration::ZERO).await },
        );
        let mut names = Vec::new();
        for (to, queue) in &mut state.queues {
            if queue.confirmed.is_some() {
                queue.needs_check = true;
                names.push(to.clone());
            }
        }
        for to in names {
            self.run_queue(&mut state, &to);
        }
    }
}

/// Returns the channel of the answers to a sender.
pub(super) fn answers_channel(prefix: &str, sender: &str) -> Arc<str> {
    format!("{prefix}:answers:{sender}").into()
}

/// Fails messages whose deadlines have passed, and looks for answers that do not come, until no
/// message is left.
async fn run_clock(sender: Weak<Sender>) {
    let mut fetch = Instant::now() + FETCH;
    loop {
        let Some(sender) = sender.upgrade() else {
            return;
        };
        let (late, next) = {
            let mut state = sender.lock();
            let now = Instant::now();
            let mut late = Vec::new();
            while let Some(&(until, id)) = state.deadlines.first().filter(|first| first.0 <= now) {
                state.deadlines.remove(&(until, id));
                late.extend(state.expire(id));
            }
            let next = state.deadlines.first().map(|first| first.0);
            state.has_clock = next.is_some();
            if now >= fetch {
                fetch = now + FETCH;
                if !std::mem::replace(&mut state.is_fetching, true) {
                    let me = sender.clone();
                    let fetching = async move {
                        me.fetch_missed(FETCH).await;
                        me.lock().is_fetching = false;
                    };
                    sender.spawn(&mut state, fetching);
                }
            }
            (late, next)
        };
        for (pending, is_sent) in late {
            let failure = match is_sent {
                true => Failure::Deadline(pending.timeout),
                false => Failure::Disconnected(Delivery::NotDelivered),
            };
            sender.answer(pending.answerer, Err(failure));
        }
        let Some(next) = next else { return };
        tokio::select! {
            () = sleep_until(next.min(fetch)) => {}
            () = sender.earlier.notified() => {}
        }
    }
}
