//! Callback for the answer to a request.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use conclib_wire::Failure;

use super::stream::Answered;

/// Callback for the answer to a request, or for the failure in its place. A drop without an answer
/// tells the asker that no reply comes.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
///
/// use conclib_core::wire::{Answerer, Failure};
///
/// let (sender, answers) = mpsc::channel();
/// let answerer = Answerer::new(move |answered| {
///     let _ = sender.send(answered.is_ok());
/// });
/// answerer.answer(Err(Failure::NoSuchActor));
/// assert_eq!(answers.recv(), Ok(false));
/// ```
pub struct Answerer(Kind);

enum Kind {
    Callback(Box<Callback>),
    Slot(Slot),
}

type Callback = dyn FnOnce(Result<Answered<'_>, Failure>) + Send;

/// Slot in which an asker waits for its answer. The slot is there anyway, so its answerer needs no
/// allocation.
struct Slot {
    /// `None` once it was answered.
    asker: Option<AnySlot>,
    settle: Settle,
    /// Time that the asker was given.
    timeout: Duration,
}

/// Slot of an asker, without the type of the answer.
pub(crate) type AnySlot = Arc<dyn Any + Send + Sync>;

/// Puts an answer into the slot of an asker that was given a time, or notes that none comes.
pub(crate) type Settle = fn(AnySlot, Duration, Option<Result<Answered<'_>, Failure>>);

impl Answerer {
    /// Makes an answerer of a callback. The callback must not block.
    pub fn new(
        callback: impl for<'a> FnOnce(Result<Answered<'a>, Failure>) + Send + 'static,
    ) -> Self {
        Self(Kind::Callback(Box::new(callback)))
    }

    /// Makes an answerer for the slot of an asker. `settle` is called once.
    pub(crate) fn of_slot(asker: AnySlot, timeout: Duration, settle: Settle) -> Self {
        Self(Kind::Slot(Slot {
            asker: Some(asker),
            settle,
            timeout,
        }))
    }

    /// Answers the request.
    ///
    /// # Panics
    /// A callback may panic, and so may the code that decodes a reply.
    pub fn answer(self, answered: Result<Answered<'_>, Failure>) {
        match self.0 {
            Kind::Callback(callback) => callback(answered),
            Kind::Slot(mut slot) => slot.settle(Some(answered)),
        }
    }
}

impl Slot {
    fn settle(&mut self, answered: Option<Result<Answered<'_>, Failure>>) {
        if let Some(asker) = self.asker.take() {
            (self.settle)(asker, self.timeout, answered);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.settle(None);
    }
}

impl fmt::Debug for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answerer").finish_non_exhaustive()
    }
}
