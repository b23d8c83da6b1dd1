//! Empty metrics of an actor, for builds without the feature `metrics`.

use tokio::time::Instant;

use crate::events::DeadLetterCause;

#[derive(Debug, Clone)]
pub(crate) struct Meter;

impl Meter {
    pub(crate) const fn of(_: &str, _: &'static str) -> Self {
        Self
    }

    pub(crate) const fn is_on(&self) -> bool {
        false
    }

    pub(crate) const fn queued(&self, _: usize) {}

    pub(crate) const fn unqueued(&self, _: usize) {}

    pub(crate) const fn begins(&self, _: Instant, _: Option<Instant>) {}

    pub(crate) const fn ends(&self, _: Instant) {}

    pub(crate) const fn failed(&self) {}

    pub(crate) const fn restarted(&self) {}

    pub(crate) const fn lost(&self, _: DeadLetterCause) {}
}
