//! What becomes of a request while its actor has it: its asker leaves, or is
//! answered, or others wait for the answer too.

use std::task::Context;

use crate::current::ActorId;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use crate::sync::{Arc, AtomicWaker, Mutex, MutexGuard, PoisonError};
use crate::waits::Arrival;
use conclib_wire::Cycle;
use conclib_wire::decode_chain;
use conclib_wire::{Codec, CodecError, RequestId, ResponseEnvelope};
use conclib_wire::{Delivery, Failure};

/// The mark that an asker has left, shared with the request it left behind.
#[derive(Debug, Clone)]
pub struct Cancellation(Arc<Asked>);

#[derive(Debug)]
struct Asked {
    left: AtomicBool,
    /// Whoever holds the request, if it waits for the asker to leave.
    waiting: AtomicWaker,
    codec: Codec,
    state: AtomicU8,
    /// Number of times it was passed on, less the turns of those that are over.
    passed: AtomicU32,
    asking: Mutex<Asking>,
}

#[derive(Debug)]
struct Asking {
    /// The actor whose turn is to answer, if the asker waits for one.
    target: Option<ActorId>,
    /// Entry of the callers that wait for the answer, while they are known.
    arrival: Option<Arrival>,
}

/// There was an arrival.
const ENTERED: u8 = 1;
/// The answer does not come from a turn of the actor: nobody waits for that.
const ASIDE: u8 = 2;
/// An answer has left.
const ANSWERED: u8 = 4;

impl Cancellation {
    pub(super) fn new(codec: Codec, target: Option<ActorId>) -> Self {
        Self(Arc::new(Asked {
            left: AtomicBool::new(false),
            waiting: AtomicWaker::new(),
            codec,
            state: AtomicU8::new(0),
            passed: AtomicU32::new(0),
            asking: Mutex::new(Asking {
                target,
                arrival: None,
            }),
        }))
    }

    /// Lets the request be skipped if its handler has not begun, and tells a
    /// handler that has begun and wants to know.
    pub fn cancel(&self) {
        self.0.left.store(true, Ordering::Relaxed);
        self.end(ASIDE);
        self.0.waiting.wake();
    }

    /// Those in the chain wait for the answer too, says the asker. If that can
    /// never come because of them, the asker is told so, by this answer. What
    /// the sink of the request gets later says only that its actor is done with
    /// it.
    #[must_use = "it is the answer to the request"]
    pub fn waits(&self, id: RequestId, chain: &[u8]) -> Option<ResponseEnvelope> {
        let failure = self.enter(chain, Delivery::MayHaveRun).err()?;
        if !self.answer() {
            return None;
        }
        self.cancel();
        Some(ResponseEnvelope::failure(id, self.0.codec, &failure))
    }

    /// Those in the chain wait for the answer, or would for ever.
    pub(super) fn enter(&self, chain: &[u8], delivery: Delivery) -> Result<(), Failure> {
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
        let known = self.asking().arrival.as_ref().map(Arrival::number);
        let entered = match known {
            Some(known) => Arrival::learn(known, steps),
            None => Arrival::begin(target, steps).map(|arrival| self.keep(arrival)),
        };
        entered.map_err(|path| Failure::Cycle(path, delivery))
    }

    fn keep(&self, arrival: Arrival) {
        let mut asking = self.asking();
        // Under the lock: whoever ends it from now on looks for it.
        let before = self.0.state.fetch_or(ENTERED, Ordering::AcqRel);
        let unkept = match before & (ASIDE | ANSWERED) {
            0 => asking.arrival.replace(arrival),
            _ => Some(arrival),
        };
        drop(asking);
        drop(unkept);
    }

    /// Another actor of this process is to answer in place of the one before,
    /// whose turn goes on.
    pub(crate) fn pass_on(&self, target: ActorId) -> Result<(), Cycle> {
        if self.asking().target.is_none() {
            return Ok(());
        }
        let known = self.asking().arrival.as_ref().map(Arrival::number);
        let passed = known.map(|known| Arrival::pass_on(known, target));
        self.0.passed.fetch_add(1, Ordering::AcqRel);
        self.asking().target = Some(target);
        if let Some(arrival) = passed.transpose()?.flatten() {
            self.keep(arrival);
        }
        Ok(())
    }

    /// Callers that wait for the answer, as far as their chain was sent.
    pub(super) fn chain(&self) -> Vec<u8> {
        let known = self.asking().arrival.as_ref().map(Arrival::number);
        known.map(Arrival::chain).unwrap_or_default()
    }

    /// Its answer does not come from a turn of the actor that was asked.
    pub(crate) fn stands_aside(&self) {
        let less = |passed: u32| passed.checked_sub(1);
        let passed = &self.0.passed;
        let was_passed = passed.fetch_update(Ordering::AcqRel, Ordering::Acquire, less);
        if was_passed.is_err() {
            self.end(ASIDE);
        }
    }

    /// An answer is about to leave: whether it is the first.
    pub(super) fn answer(&self) -> bool {
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

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.0.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }

    pub(super) fn register(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }
}
