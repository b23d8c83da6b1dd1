//! The clock of what takes turns: in each round everything that is compared is
//! done once, so that what the machine does beside it meets all of them alike.

use std::future::Future;
use std::time::{Duration, Instant};

/// The first round warms up, and one more is needed for a figure.
const AT_LEAST: u64 = 2;

/// Rounds until the time is over.
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

    /// Whether there is one more. The first call starts the clock.
    pub fn more(&mut self) -> bool {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let more = self.done < AT_LEAST || begun.elapsed() < self.limit;
        self.done += u64::from(more);
        more
    }
}

/// How long one of the things that are compared took.
#[derive(Default)]
pub struct Watch {
    laps: u64,
    operations: u64,
    spent: Duration,
}

impl Watch {
    /// Takes the time of so many operations; but not in the first lap, which
    /// warms up.
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

    /// Nanoseconds for each operation.
    pub fn each(&self) -> f64 {
        self.spent.as_nanos() as f64 / self.operations as f64
    }

    /// How often it was done, the warm-up too.
    pub fn laps(&self) -> u64 {
        self.laps
    }
}
