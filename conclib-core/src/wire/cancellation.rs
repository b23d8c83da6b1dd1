//! What becomes of a request while its actor has it: its asker leaves, or is
//! answered, or others wait for the answer too.

use std::task::Context;

use super::{Codec, CodecError, RequestId, ResponseEnvelope, chain};
use crate::current::ActorId;
use crate::error::{Delivery, Failure};
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::sync::{Arc, AtomicWaker, Mutex, MutexGuard, PoisonError};
use crate::waits::Arrival;

/// The mark that an asker has left, shared with the request it left behind.
#[derive(Debug, Clone)]
pub struct Cancellation(Arc<Asked>);

#[derive(Debug)]
struct Asked {
    left: AtomicBool,
    /// Whoever holds the request, if it waits for the asker to leave.
    waiting: AtomicWaker,
    codec: Codec,
    /// Who was asked, if the asker waits for its turn.
    target: Option<ActorId>,
    state: AtomicU8,
    /// There while those who wait for the answer are known.
    arrival: Mutex<Option<Arrival>>,
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
            target,
            state: AtomicU8::new(0),
            arrival: Mutex::new(None),
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
        let Some(target) = self.0.target else {
            return Ok(());
        };
        let steps = chain::decode(chain).map_err(|error| {
            let detail = error.to_string();
            let codec = self.0.codec;
            Failure::Codec(Box::new(CodecError::Malformed { codec, detail }), delivery)
        })?;
        if self.0.state.load(Ordering::Acquire) & (ASIDE | ANSWERED) != 0 {
            return Ok(());
        }
        let known = self.arrival().as_ref().map(Arrival::number);
        let entered = match known {
            Some(known) => Arrival::learn(known, steps),
            None => Arrival::begin(target, steps).map(|arrival| self.keep(arrival)),
        };
        entered.map_err(|path| Failure::Cycle(path, delivery))
    }

    fn keep(&self, arrival: Arrival) {
        let mut kept = self.arrival();
        // Under the lock: whoever ends it from now on looks for it.
        let before = self.0.state.fetch_or(ENTERED, Ordering::AcqRel);
        let unkept = match before & (ASIDE | ANSWERED) {
            0 => kept.replace(arrival),
            _ => Some(arrival),
        };
        drop(kept);
        drop(unkept);
    }

    /// Its answer does not come from a turn of the actor that was asked.
    pub(crate) fn stands_aside(&self) {
        self.end(ASIDE);
    }

    /// An answer is about to leave: whether it is the first.
    pub(super) fn answer(&self) -> bool {
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

    fn arrival(&self) -> MutexGuard<'_, Option<Arrival>> {
        self.0
            .arrival
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }

    pub(super) fn register(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }
}
