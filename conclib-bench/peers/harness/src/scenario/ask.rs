//! Asks of a counter: one by one, with a time limit, and many at once.

use std::time::{Duration, Instant};

use crate::Library;
use crate::meter::{Effort, Meter};
use crate::sample::Sample;

/// Number of asks before the clock starts.
const WARM_UP: u64 = 1_000;

/// Number of asks between two readings of the clock.
const BATCH: u64 = 10_000;

/// Number of asks that are timed one by one.
const TIMED: usize = 100_000;

/// Times one ask after another: the mean without a clock between them, then the
/// percentiles, which include one reading of the clock.
pub(super) async fn one_by_one<L: Library>(counter: L::Counter, effort: Effort) -> Sample {
    ask_all::<L>(&counter, WARM_UP).await;

    let mut meter = Meter::new(effort, BATCH);
    while let Some(asks) = meter.next() {
        ask_all::<L>(&counter, asks).await;
    }
    let sample = meter.sample();
    if !effort.is_timed() {
        return sample;
    }
    sample.with_percentiles(&mut times::<L>(&counter, effort).await)
}

/// Times one ask after another with a limit that never fires.
pub(super) async fn within<L: Library>(
    counter: L::Counter,
    limit: Duration,
    effort: Effort,
) -> Sample {
    let mut asked = WARM_UP;
    for _ in 0..WARM_UP {
        L::ask_within(&counter, 1, limit).await;
    }

    let mut meter = Meter::new(effort, BATCH);
    while let Some(asks) = meter.next() {
        for _ in 0..asks {
            asked += 1;
            let sum = L::ask_within(&counter, 1, limit).await;
            assert_eq!(sum, asked, "an answer came to the wrong ask");
        }
    }
    meter.sample()
}

/// Times asks while a fixed number is under way.
pub(super) async fn in_flight<L: Library>(
    counter: L::Counter,
    askers: u64,
    effort: Effort,
) -> Sample {
    let mut asked = askers * 10;
    ask_from_all::<L>(&counter, askers, asked).await;

    let mut meter = Meter::in_units(effort, BATCH, askers);
    while let Some(asks) = meter.next() {
        ask_from_all::<L>(&counter, askers, asks).await;
        asked += asks;
    }
    let sample = meter.sample();
    assert_eq!(L::ask(&counter, 0).await, asked, "an ask was lost");
    sample
}

/// Asks so many times, divided among tasks that each ask one by one.
async fn ask_from_all<L: Library>(counter: &L::Counter, askers: u64, asks: u64) {
    let tasks: Vec<_> = (0..askers)
        .map(|_| {
            let counter = counter.clone();
            L::spawn(async move {
                for _ in 0..asks / askers {
                    L::ask(&counter, 1).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await;
    }
}

/// Asks so many times, one after another, and compares every answer.
async fn ask_all<L: Library>(counter: &L::Counter, asks: u64) {
    let before = L::ask(counter, 0).await;
    for asked in 1..=asks {
        let sum = L::ask(counter, 1).await;
        assert_eq!(sum, before + asked, "an answer came to the wrong ask");
    }
}

/// Durations of single asks. The memory for the times is touched beforehand, or
/// its page faults would be in the slowest asks.
async fn times<L: Library>(counter: &L::Counter, effort: Effort) -> Vec<u64> {
    let mut times = vec![u64::MAX; TIMED];
    let mut timed = 0;
    let mut meter = Meter::new(effort, BATCH);
    let mut last = Instant::now();
    while let Some(asks) = meter.next().filter(|_| timed < TIMED) {
        let until = TIMED.min(timed + asks as usize);
        for time in &mut times[timed..until] {
            L::ask(counter, 1).await;
            let now = Instant::now();
            *time = now.duration_since(last).as_nanos() as u64;
            last = now;
        }
        timed = until;
    }
    times.truncate(timed);
    times
}
