//! Lateness of the ticks of an actor, compared with those of an interval in a
//! task.

use std::mem;
use std::time::{Duration, Instant};

use conclib::prelude::*;
use harness::Sample;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

const EVERY: Duration = Duration::from_millis(10);

const TICKS: usize = 200;

/// Lateness from which tokio's interval schedules the next tick from the
/// current one.
const MISSED: Duration = Duration::from_millis(5);

/// Lateness of each tick.
struct Lateness {
    due: Instant,
    times: Vec<u64>,
}

impl Lateness {
    /// Starts now, when the first tick is due.
    fn new() -> Self {
        Self {
            due: Instant::now(),
            times: Vec::with_capacity(TICKS),
        }
    }

    /// Records a tick, and returns true if there are enough.
    fn tick(&mut self) -> bool {
        let now = Instant::now();
        let late = now.duration_since(self.due);
        self.times.push(late.as_nanos() as u64);
        let from = if late > MISSED { now } else { self.due };
        self.due = from + EVERY;
        self.times.len() == TICKS
    }
}

#[actor]
struct Clock {
    lateness: Lateness,
    enough: Option<oneshot::Sender<Vec<u64>>>,
}

#[actor]
impl Clock {
    #[message(every = "10ms")]
    async fn tick(&mut self) {
        if self.lateness.tick()
            && let Some(enough) = self.enough.take()
        {
            // Sends the times to the waiting measurement.
            let _ = enough.send(mem::take(&mut self.lateness.times));
        }
    }
}

pub(crate) async fn lateness() -> Sample {
    // Both run at once, so that other load on the machine delays them alike.
    let task = tokio::spawn(of_a_task());
    let [p50, p99] = percentiles(of_an_actor().await);
    let [task_p50, task_p99] = percentiles(task.await.expect("the task ticks"));
    Sample::default()
        .with("p50", p50)
        .with("p50.task", task_p50)
        .with("p99", p99)
        .with("p99.task", task_p99)
}

async fn of_an_actor() -> Vec<u64> {
    let system = System::new("bench");
    let (enough, times) = oneshot::channel();
    let clock = system.spawn(Clock {
        lateness: Lateness::new(),
        enough: Some(enough),
    });
    let clock = clock.expect("a clock can be spawned");
    let times = times.await.expect("the clock ticks");
    clock.stop().await;
    times
}

async fn of_a_task() -> Vec<u64> {
    let mut lateness = Lateness::new();
    let mut interval = interval(EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if lateness.tick() {
            return lateness.times;
        }
    }
}

fn percentiles(mut times: Vec<u64>) -> [f64; 2] {
    times.sort_unstable();
    [50, 99].map(|share| times[(times.len() - 1) * share / 100] as f64)
}
