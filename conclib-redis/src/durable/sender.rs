//! Sender of durable messages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use conclib_core::wire::{
    Answerer, CodecError, Envelope, Failure, MAX_BODY, MAX_TIMEOUT, RefScope, RequestId,
    SendRefused, Wants,
};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::clock;
use super::entry::encode;
use super::scripts::Scripts;
use super::state::{MAX_WAITING, Pending, Queued, State};
use crate::endpoint::{Endpoint, Listener};
use crate::error::RedisError;

/// Bytes that may wait to be stored; a further message is refused.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Sender of durable messages to all names of a namespace.
pub(crate) struct Sender {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) scripts: Scripts,
    /// Name of the sender, which no other one has.
    pub(super) name: Box<str>,
    pub(super) scope: Weak<dyn RefScope>,
    runtime: Handle,
    pub(super) me: Weak<Self>,
    state: Mutex<State>,
    /// Tells the clock that the earliest deadline has changed.
    pub(super) earlier: Notify,
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
            state: Mutex::new(State::new()),
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
            answerer.answer(Err(Failure::MailboxFull));
            return Ok(());
        }
        let queue = state.queue(&self.endpoint.prefix, envelope.to);
        let number = queue.last + 1;
        let signer = &self.endpoint.signer;
        let bytes = match encode(&queue.mailbox, &self.name, number, envelope, signer) {
            Ok(bytes) => bytes,
            Err(_) => {
                let error = CodecError::TooLarge { limit: MAX_BODY };
                return Err((SendRefused::Codec(error), answerer));
            }
        };
        queue.last = number;
        let (to, len) = (queue.to.clone(), bytes.len());
        queue.messages.push_back(Queued {
            number,
            id: envelope.id,
            bytes,
            is_sent: false,
            ends_stored: envelope.wants == Wants::Queued,
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
            to,
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
            self.spawn(&mut state, clock::run(self.me.clone()));
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

    pub(super) fn answers(&self) -> Arc<str> {
        answers_channel(&self.endpoint.prefix, &self.name)
    }

    /// Begins the task of a name, unless it runs.
    pub(super) fn run_queue(&self, state: &mut State, to: &str) {
        let queue = state.queues.get_mut(to);
        if queue.is_some_and(|queue| !std::mem::replace(&mut queue.is_sending, true)) {
            self.spawn(state, super::sending::run(self.me.clone(), to.into()));
        }
    }

    pub(super) fn spawn(&self, state: &mut State, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = &mut state.tasks {
            while tasks.try_join_next().is_some() {}
            tasks.spawn_on(task, &self.runtime);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the channel of the answers to a sender.
pub(super) fn answers_channel(prefix: &str, sender: &str) -> Arc<str> {
    format!("{prefix}:answers:{sender}").into()
}
