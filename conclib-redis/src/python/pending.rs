//! Requests of this process to Python actors that wait for their answers.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclib_core::Delivery;
use conclib_core::wire::{
    Answered, Answerer, Codec, Envelope, Failure, Outage, RequestId, Response, ResponseKind,
    SendRefused, Wants, enter,
};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Maximum number of requests under way, in total and to one actor.
const MAX_PENDING: (usize, usize) = (1024, 256);

/// Requests that wait for their answers.
pub(super) struct PendingRequests {
    state: Mutex<State>,
    /// Notified when there is room, and when there is an earlier deadline.
    pub(super) changed: Notify,
}

struct State {
    status: Status,
    requests: HashMap<RequestId, PendingRequest>,
    deadlines: BTreeSet<(Instant, RequestId)>,
    /// Number of requests to each actor.
    targets: HashMap<Box<str>, usize>,
}

enum Status {
    Up,
    Down { since: Instant, why: Box<str> },
    Closed,
}

struct PendingRequest {
    answerer: Answerer,
    to: Box<str>,
    until: Instant,
    timeout: Duration,
    wants_reply: bool,
}

impl PendingRequest {
    fn answer(self, answer: Result<Answered<'_>, Failure>) {
        enter(None, || self.answerer.answer(answer));
    }
}

impl State {
    fn has_room(&self, to: &str) -> bool {
        let to_one = self.targets.get(to).copied().unwrap_or(0);
        self.requests.len() < MAX_PENDING.0 && to_one < MAX_PENDING.1
    }

    fn remove(&mut self, id: RequestId) -> Option<PendingRequest> {
        let request = self.requests.remove(&id)?;
        self.deadlines.remove(&(request.until, id));
        if let Some(count) = self.targets.get_mut(&request.to) {
            *count -= 1;
            if *count == 0 {
                self.targets.remove(&request.to);
            }
        }
        Some(request)
    }
}

impl PendingRequests {
    pub(super) fn new() -> Self {
        let state = State {
            status: Status::Up,
            requests: HashMap::new(),
            deadlines: BTreeSet::new(),
            targets: HashMap::new(),
        };
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Enters a request, and queues it by `send` in the same step, so that requests keep their order.
    pub(super) fn enter(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
        send: impl FnOnce(),
    ) -> Result<(), (SendRefused, Answerer)> {
        let until = Instant::now() + envelope.timeout;
        let mut state = self.lock();
        match state.status {
            Status::Up if state.has_room(envelope.to) => {}
            Status::Up | Status::Down { .. } => return Err((SendRefused::Busy, answerer)),
            Status::Closed => return Err((SendRefused::Closed, answerer)),
        }
        state.deadlines.insert((until, envelope.id));
        *state.targets.entry(envelope.to.into()).or_insert(0) += 1;
        let request = PendingRequest {
            answerer,
            to: envelope.to.into(),
            until,
            timeout: envelope.timeout,
            wants_reply: envelope.wants == Wants::Reply,
        };
        state.requests.insert(envelope.id, request);
        send();
        Ok(())
    }

    /// Waits until a request to that actor is worth a try.
    pub(super) async fn room(&self, to: &str) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let state = self.lock();
                match state.status {
                    Status::Up if state.has_room(to) => return,
                    Status::Up | Status::Down { .. } => {}
                    Status::Closed => return,
                }
            }
            changed.await;
        }
    }

    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.lock().requests.contains_key(&id)
    }

    pub(super) fn remove(&self, id: RequestId) {
        let removed = self.lock().remove(id);
        self.changed.notify_waiters();
        drop(removed);
    }

    /// Takes note that a request was published, to that number of proxies.
    pub(super) fn published(&self, id: RequestId, proxies: u64) {
        let is_done = {
            let state = self.lock();
            let request = state.requests.get(&id);
            proxies == 0 || request.is_some_and(|request| !request.wants_reply)
        };
        if is_done {
            let queued = response(id, ResponseKind::Queued, b"");
            let answer = match proxies {
                0 => Err(Failure::NoProxy),
                _ => Ok(Answered::from(queued)),
            };
            self.answer(id, answer);
        }
    }

    /// Passes an answer on to its asker, if that still waits for it.
    pub(super) fn answer(&self, id: RequestId, answer: Result<Answered<'_>, Failure>) {
        let request = self.lock().remove(id);
        if let Some(request) = request {
            self.changed.notify_waiters();
            request.answer(answer);
        }
    }

    /// Returns the next deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lock().deadlines.first().map(|(until, _)| *until)
    }

    /// Ends the requests whose deadline has passed.
    pub(super) fn end_late(&self) {
        let now = Instant::now();
        loop {
            let late = {
                let mut state = self.lock();
                let first = state.deadlines.first().copied();
                first
                    .filter(|(until, _)| *until <= now)
                    .and_then(|(_, id)| state.remove(id))
            };
            let Some(late) = late else { break };
            let timeout = late.timeout;
            late.answer(Err(Failure::Deadline(timeout)));
        }
        self.changed.notify_waiters();
    }

    /// Takes note that the connection is lost: the answers may be. Returns true the first time.
    pub(super) fn down(&self, why: &str) -> bool {
        let since = Instant::now();
        {
            let mut state = self.lock();
            match &mut state.status {
                Status::Closed => return false,
                Status::Down { why: reason, .. } => {
                    *reason = why.into();
                    return false;
                }
                up @ Status::Up => {
                    let why = why.into();
                    *up = Status::Down { since, why };
                }
            }
        }
        self.fail_all();
        true
    }

    /// Takes note that replies are received again.
    pub(super) fn up(&self) {
        {
            let mut state = self.lock();
            if matches!(state.status, Status::Down { .. }) {
                state.status = Status::Up;
            }
        }
        self.changed.notify_waiters();
    }

    /// Takes no new requests.
    pub(super) fn close(&self) {
        self.lock().status = Status::Closed;
        self.changed.notify_waiters();
    }

    /// Fails all requests, as no answer can come.
    pub(super) fn fail_all(&self) {
        let lost = {
            let mut state = self.lock();
            state.deadlines.clear();
            state.targets.clear();
            std::mem::take(&mut state.requests)
        };
        for request in lost.into_values() {
            request.answer(Err(Failure::Disconnected(Delivery::MayHaveRun)));
        }
    }

    pub(super) fn outage(&self) -> Option<Outage> {
        match &self.lock().status {
            Status::Down { since, why } => Some(Outage {
                lasted: since.elapsed(),
                why: why.clone(),
                cause: None,
            }),
            Status::Up | Status::Closed => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a response in JSON.
pub(super) fn response(id: RequestId, kind: ResponseKind, body: &[u8]) -> Response<'_> {
    let codec = Codec::Json;
    Response {
        id,
        kind,
        codec,
        body,
    }
}
