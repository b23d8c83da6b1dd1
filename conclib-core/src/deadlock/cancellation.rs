//! State that a request on the wire shares with its handler and its connection: cancellation, the
//! answer, and the callers that wait for the answer.

use std::task::Context;

use conclib_wire::{
    Codec, CodecError, Cycle, Delivery, Failure, RequestId, ResponseEnvelope, decode_chain,
};

use super::inbound::InboundGuard;
use crate::actor_id::ActorId;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
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
    state: AtomicU8,
    /// Number of times the request was forwarded, less the ended turns of the actors that forwarded
    /// it.
    passed: AtomicU32,
    asking: Mutex<RequestPhase>,
}

#[derive(Debug)]
struct RequestPhase {
    /// Actor whose turn is to answer, if the asker waits for a turn.
    target: Option<ActorId>,
    /// Inbound wait of the callers, while it is entered.
    arrival: Option<InboundGuard>,
}

/// Flag: an inbound wait was entered.
const ENTERED: u8 = 1;
/// Flag: the answer does not come from a turn of the actor, so no inbound wait is kept.
const ASIDE: u8 = 2;
/// Flag: an answer was sent.
const ANSWERED: u8 = 4;

impl Cancellation {
    pub(crate) fn new(codec: Codec, target: Option<ActorId>) -> Self {
        Self(Arc::new(RequestState {
            left: AtomicBool::new(false),
            waiting: AtomicWaker::new(),
            codec,
            state: AtomicU8::new(0),
            passed: AtomicU32::new(0),
            asking: Mutex::new(RequestPhase {
                target,
                arrival: None,
            }),
        }))
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
        let Some(target) = self.asking().target else {
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
        let known = self.asking().arrival.as_ref().map(InboundGuard::number);
        let entered = match known {
            Some(known) => InboundGuard::learn(known, steps),
            None => InboundGuard::begin(target, steps).map(|arrival| self.keep(arrival)),
        };
        entered.map_err(|path| Failure::Cycle(path, delivery))
    }

    fn keep(&self, arrival: InboundGuard) {
        let mut asking = self.asking();
        // Set under the lock, so that a later `end` looks for the inbound wait.
        let before = self.0.state.fetch_or(ENTERED, Ordering::AcqRel);
        let unkept = match before & (ASIDE | ANSWERED) {
            0 => asking.arrival.replace(arrival),
            _ => Some(arrival),
        };
        drop(asking);
        drop(unkept);
    }

    /// Notes that another actor of this process is to answer in place of the previous one, whose
    /// turn goes on.
    pub(crate) fn pass_on(&self, target: ActorId) -> Result<(), Cycle> {
        if self.asking().target.is_none() {
            return Ok(());
        }
        let known = self.asking().arrival.as_ref().map(InboundGuard::number);
        let passed = known.map(|known| InboundGuard::pass_on(known, target));
        self.0.passed.fetch_add(1, Ordering::AcqRel);
        self.asking().target = Some(target);
        if let Some(arrival) = passed.transpose()?.flatten() {
            self.keep(arrival);
        }
        Ok(())
    }

    /// Returns the encoded chain of callers that wait for the answer, as far as it was sent.
    pub(crate) fn chain(&self) -> Vec<u8> {
        let known = self.asking().arrival.as_ref().map(InboundGuard::number);
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
            let arrival = self.asking().arrival.take();
            drop(arrival);
        }
        before
    }

    fn asking(&self) -> MutexGuard<'_, RequestPhase> {
        self.0.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }

    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }
}
