//! State that a request on the wire shares with its handler and its connection: cancellation, the
//! answer, and the callers that wait for the answer.

use std::task::Context;

use conclib_wire::{
    Codec, CodecError, Cycle, Delivery, Failure, RequestId, ResponseEnvelope, decode_chain,
};
use tokio::time::Instant;

use super::inbound::InboundGuard;
use crate::actor_id::ActorId;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use crate::sync::{Arc, AtomicWaker, Mutex, MutexGuard, PoisonError};

/// Cancellation flag of a request, shared with its handler.
#[derive(Debug, Clone)]
pub struct Cancellation(Arc<RequestState>);

#[derive(Debug)]
struct RequestState {
    left: AtomicBool,
    /// Waker of the handler, if it waits for the asker to go.
    waiting: AtomicWaker,
    codec: Codec,
    /// Deadline of the asker.
    until: Instant,
    state: AtomicU8,
    /// Number of times the request was forwarded, less the ended turns of the actors that forwarded
    /// it.
    passed: AtomicU32,
    /// Actor whose turn is to answer, if the asker waits for a turn; else zero.
    target: AtomicU64,
    /// Inbound wait of the callers, while it is entered.
    arrival: Mutex<Option<InboundGuard>>,
}

/// Flag: an inbound wait was entered.
const ENTERED: u8 = 1;
/// Flag: the answer does not come from a turn of the actor, so no inbound wait is kept.
const ASIDE: u8 = 2;
/// Flag: an answer was sent.
const ANSWERED: u8 = 4;

impl Cancellation {
    /// Makes the handle of a request that is about to be delivered, with the deadline of its asker:
    /// [`Inlet::deliver_with`](crate::wire::Inlet::deliver_with).
    pub fn new(codec: Codec, until: Instant) -> Self {
        Self(Arc::new(RequestState {
            left: AtomicBool::new(false),
            waiting: AtomicWaker::new(),
            codec,
            until,
            state: AtomicU8::new(0),
            passed: AtomicU32::new(0),
            target: AtomicU64::new(0),
            arrival: Mutex::new(None),
        }))
    }

    /// Sets the actor whose turn is to answer.
    pub(crate) fn set_target(&self, target: ActorId) {
        self.0.target.store(target.to_number(), Ordering::Release);
    }

    /// Returns the deadline of the asker.
    pub(crate) fn until(&self) -> Instant {
        self.0.until
    }

    fn target(&self) -> Option<ActorId> {
        ActorId::of_number(self.0.target.load(Ordering::Acquire))
    }

    /// Cancels the request: it is skipped if its handler has not begun; a running handler that
    /// asked for it is notified.
    pub fn cancel(&self) {
        self.0.left.store(true, Ordering::Relaxed);
        self.end(ASIDE);
        self.0.waiting.wake();
    }

    /// Enters further callers, reported by the peer, that wait for the answer. Returns a failure
    /// response, which is then the answer to the request, if waiting would deadlock. A response
    /// that the sink of the request gets after that only means that the actor is done with the
    /// request.
    #[must_use = "it is the answer to the request"]
    pub fn waits(&self, id: RequestId, chain: &[u8]) -> Option<ResponseEnvelope> {
        let failure = self.enter(chain, Delivery::MayHaveRun).err()?;
        if !self.answer() {
            return None;
        }
        self.cancel();
        Some(ResponseEnvelope::failure(id, self.0.codec, &failure))
    }

    /// Enters the waits of the callers in the chain; an error if they would deadlock.
    pub(crate) fn enter(&self, chain: &[u8], delivery: Delivery) -> Result<(), Failure> {
        let Some(target) = self.target() else {
            return Ok(());
        };
        let steps = decode_chain(chain).map_err(|error| {
            let detail = error.to_string();
            let codec = self.0.codec;
            Failure::Codec(Box::new(CodecError::Malformed { codec, detail }), delivery)
        })?;
        if self.0.state.load(Ordering::Acquire) & (ASIDE | ANSWERED) != 0 {
            return Ok(());
        }
        let known = self.arrival().as_ref().map(InboundGuard::number);
        let entered = match known {
            Some(known) => InboundGuard::learn(known, steps),
            None => InboundGuard::begin(target, steps).map(|arrival| self.keep(arrival)),
        };
        entered.map_err(|path| Failure::Cycle(path, delivery))
    }

    fn keep(&self, arrival: InboundGuard) {
        let mut kept = self.arrival();
        // Set under the lock, so that a later `end` looks for the inbound wait.
        let before = self.0.state.fetch_or(ENTERED, Ordering::AcqRel);
        let unkept = match before & (ASIDE | ANSWERED) {
            0 => kept.replace(arrival),
            _ => Some(arrival),
        };
        drop(kept);
        drop(unkept);
    }

    /// Notes that another actor of this process is to answer in place of the previous one, whose
    /// turn goes on.
    pub(crate) fn pass_on(&self, target: ActorId) -> Result<(), Cycle> {
        if self.target().is_none() {
            return Ok(());
        }
        let known = self.arrival().as_ref().map(InboundGuard::number);
        let passed = known.map(|known| InboundGuard::pass_on(known, target));
        self.0.passed.fetch_add(1, Ordering::AcqRel);
        self.set_target(target);
        if let Some(arrival) = passed.transpose()?.flatten() {
            self.keep(arrival);
        }
        Ok(())
    }

    /// Returns the encoded chain of callers that wait for the answer, as far as it was sent.
    pub(crate) fn chain(&self) -> Vec<u8> {
        let known = self.arrival().as_ref().map(InboundGuard::number);
        known.map(InboundGuard::chain).unwrap_or_default()
    }

    /// Notes that the answer does not come from a turn of the actor that was asked.
    pub(crate) fn stands_aside(&self) {
        let less = |passed: u32| passed.checked_sub(1);
        let passed = &self.0.passed;
        let was_passed = passed.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        if was_passed.is_err() {
            self.end(ASIDE);
        }
    }

    /// Notes that an answer is about to be sent. Returns true if it is the first.
    pub(crate) fn answer(&self) -> bool {
        self.end(ANSWERED) & ANSWERED == 0
    }

    fn end(&self, how: u8) -> u8 {
        let before = self.0.state.fetch_or(how, Ordering::AcqRel);
        if before & ENTERED != 0 {
            let arrival = self.arrival().take();
            drop(arrival);
        }
        before
    }

    fn arrival(&self) -> MutexGuard<'_, Option<InboundGuard>> {
        self.0
            .arrival
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }
}
