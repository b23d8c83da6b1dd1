//! The clock around a scenario's operations.

use std::time::{Duration, Instant};

use crate::allocations;
use crate::sample::Sample;

/// How much is to be done.
#[derive(Clone, Copy)]
pub(crate) enum Effort {
    /// So many operations, for counting what one of them costs.
    Operations(u64),
    /// Batches of operations until so much time has gone by.
    Time(Duration),
}

impl Effort {
    /// How many actors to spawn: `usual` unless a number was asked for.
    pub(crate) fn actors(self, usual: u64) -> u64 {
        match self {
            Self::Operations(count) => count,
            Self::Time(_) => usual,
        }
    }

    /// Whether single operations are to be timed: not where instructions are counted.
    pub(crate) fn is_timed(self) -> bool {
        matches!(self, Self::Time(_))
    }
}

/// Hands out batches of operations and takes the time of them all.
pub(crate) struct Meter {
    effort: Effort,
    batch: u64,
    done: u64,
    begun: Option<(Instant, allocations::Count)>,
}

impl Meter {
    /// A meter whose batches are of this size.
    pub(crate) fn new(effort: Effort, batch: u64) -> Self {
        let begun = None;
        Self {
            effort,
            batch,
            done: 0,
            begun,
        }
    }

    /// A meter whose exact number of operations is rounded up to whole units.
    pub(crate) fn in_units(effort: Effort, batch: u64, unit: u64) -> Self {
        match effort {
            Effort::Operations(count) => {
                Self::new(Effort::Operations(count.next_multiple_of(unit)), batch)
            }
            Effort::Time(_) => Self::new(effort, batch.next_multiple_of(unit)),
        }
    }

    /// The operations to do next, `None` when it is enough. The first call
    /// starts the clock.
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

    /// What one operation cost. Call it right after the last batch.
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
