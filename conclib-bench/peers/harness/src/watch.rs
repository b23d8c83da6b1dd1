//! Clocks for alternating measurements: in each round everything that is
//! compared runs once, so that other load on the machine affects all of them
//! alike.

use std::future::Future;
use std::time::{Duration, Instant};

/// Number of rounds at least: the first one warms up, and one more is needed
/// for a figure.
const AT_LEAST: u64 = 2;

/// Sequence of rounds until the time is over.
pub struct Rounds {
    limit: Duration,
    begun: Option<Instant>,
    done: u64,
}

impl Rounds {
    pub(crate) fn during(limit: Duration) -> Self {
        Self {
            limit,
            begun: None,
            done: 0,
        }
    }

    /// Tells if there is one more round. The first call starts the clock.
    pub fn more(&mut self) -> bool {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let more = self.done < AT_LEAST || begun.elapsed() < self.limit;
        self.done += u64::from(more);
        more
    }
}

/// Total time of one of the things that are compared.
#[derive(Default)]
pub struct Watch {
    laps: u64,
    operations: u64,
    spent: Duration,
}

impl Watch {
    /// Measures so many operations, except in the first lap, which warms up.
    pub async fn lap<T>(&mut self, operations: u64, work: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let done = work.await;
        if self.laps > 0 {
            self.spent += start.elapsed();
            self.operations += operations;
        }
        self.laps += 1;
        done
    }

    /// Returns the nanoseconds for each operation.
    pub fn each(&self) -> f64 {
        self.spent.as_nanos() as f64 / self.operations as f64
    }

    /// Returns the number of laps, including the warm-up.
    pub fn laps(&self) -> u64 {
        self.laps
    }
}
