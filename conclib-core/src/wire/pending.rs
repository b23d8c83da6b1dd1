//! Who waits for which answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Answerer, RequestId, Response};
use crate::error::Failure;

/// The requests that are under way over one connection.
///
/// Answerers are called outside of its lock, so they may send again.
#[derive(Default)]
pub struct Pending(Mutex<HashMap<RequestId, Answerer>>);

impl Pending {
    /// Nobody waits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers who waits for the answer to `id`.
    pub fn insert(&self, id: RequestId, answerer: Answerer) {
        self.lock().insert(id, answerer);
    }

    /// Hands an answer to its asker. False if nobody waits for it: it came too
    /// late, twice, or was made up.
    pub fn complete(&self, response: Response<'_>) -> bool {
        let answerer = self.lock().remove(&response.id);
        answerer.is_some_and(|answerer| {
            answerer(Ok(response));
            true
        })
    }

    /// Forgets who waits for `id`. `None` if nobody does.
    pub fn remove(&self, id: RequestId) -> Option<Answerer> {
        self.lock().remove(&id)
    }

    /// Tells everybody that no answer comes.
    pub fn fail_all(&self, failure: &Failure) {
        let all = std::mem::take(&mut *self.lock());
        for answerer in all.into_values() {
            answerer(Err(failure.clone()));
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, Answerer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("len", &self.len()).finish()
    }
}
