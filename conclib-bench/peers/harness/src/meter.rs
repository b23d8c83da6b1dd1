//! Measures the time of the operations of a scenario.

use std::time::{Duration, Instant};

use crate::allocations;
use crate::sample::Sample;

/// Amount of work.
#[derive(Clone, Copy)]
pub(crate) enum Effort {
    /// Number of operations, for counting the cost of one of them.
    Operations(u64),
    /// Batches of operations until the time is over.
    Time(Duration),
}

impl Effort {
    /// Number of actors to spawn: `usual` unless a number was given.
    pub(crate) fn actors(self, usual: u64) -> u64 {
        match self {
            Self::Operations(count) => count,
            Self::Time(_) => usual,
        }
    }

    /// Tells if single operations are to be timed, which would disturb a count
    /// of instructions.
    pub(crate) fn is_timed(self) -> bool {
        matches!(self, Self::Time(_))
    }
}

/// Hands out batches of operations and measures their total time.
pub(crate) struct Meter {
    effort: Effort,
    batch: u64,
    done: u64,
    begun: Option<(Instant, allocations::Count)>,
}

impl Meter {
    /// Makes a meter whose batches have this size.
    pub(crate) fn new(effort: Effort, batch: u64) -> Self {
        let begun = None;
        Self {
            effort,
            batch,
            done: 0,
            begun,
        }
    }

    /// Makes a meter whose exact number of operations is rounded up to whole
    /// units.
    pub(crate) fn in_units(effort: Effort, batch: u64, unit: u64) -> Self {
        match effort {
            Effort::Operations(count) => {
                Self::new(Effort::Operations(count.next_multiple_of(unit)), batch)
            }
            Effort::Time(_) => Self::new(effort, batch.next_multiple_of(unit)),
        }
    }

    /// Returns the number of operations to do next, `None` at the end. The
    /// first call starts the clock.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let (start, _) = *self
            .begun
            .get_or_insert_with(|| (Instant::now(), allocations::count()));
        let batch = match self.effort {
            Effort::Operations(count) => count - self.done,
            Effort::Time(limit) if start.elapsed() < limit => self.batch,
            Effort::Time(_) => 0,
        };
        self.done += batch;
        (batch > 0).then_some(batch)
    }

    /// Cost of one operation. Call this right after the last batch.
    pub(crate) fn sample(&self) -> Sample {
        let (start, allocations) = self.begun.expect("a batch was done");
        let elapsed = start.elapsed();
        Sample::default()
            .with("ns", per(elapsed, self.done))
            .with_allocations(allocations, self.done)
    }
}

/// Nanoseconds for each operation.
pub(crate) fn per(elapsed: Duration, operations: u64) -> f64 {
    elapsed.as_nanos() as f64 / operations as f64
}
