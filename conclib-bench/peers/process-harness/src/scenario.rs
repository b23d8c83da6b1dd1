//! The scenarios.

use std::time::{Duration, Instant};

use harness::Sample;

use crate::ChildProcess;
use crate::family::Family;

/// Length of a large message.
const LARGE: usize = 1 << 20;

/// Number of children that do nothing.
const IDLE: usize = 100;

/// Time for which they do.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// Measures one scenario. `None` if the program does not have it.
pub(crate) async fn run<C: ChildProcess>(
    scenario: &str,
    limit: Duration,
    cpu: Option<usize>,
) -> Option<Sample> {
    match scenario {
        "start" => Some(start::<C>(limit).await),
        "idle-100" => Some(idle::<C>().await),
        _ => {
            let mut child = C::start(cpu).await;
            requests(scenario, &mut child, limit).await
        }
    }
}

async fn requests<C: ChildProcess>(
    scenario: &str,
    child: &mut C,
    limit: Duration,
) -> Option<Sample> {
    let in_flight = if scenario.contains("64") { 64 } else { 1 };
    let (step, first) = match scenario {
        "tell" => (4096, 4096),
        "body-1-mib" => (8, 8),
        _ => (200 * in_flight, 64 * in_flight),
    };
    go(scenario, child, first, in_flight).await?;
    let (begin, mut done) = (Instant::now(), 0);
    while begin.elapsed() < limit {
        go(scenario, child, step, in_flight).await?;
        done += step;
    }
    let ns = begin.elapsed().as_nanos() as f64 / done as f64;
    Some(Sample::default().with("ns", ns))
}

async fn go<C: ChildProcess>(
    scenario: &str,
    child: &mut C,
    number: u64,
    in_flight: u64,
) -> Option<()> {
    match scenario {
        "tell" => child.tell(number).await,
        "body-1-mib" => child.send(number, LARGE).await,
        _ => child.ask(number, in_flight).await,
    }
}

/// Times starts one after another, each up to the first answer.
async fn start<C: ChildProcess>(limit: Duration) -> Sample {
    drop(C::start(None).await);
    let (begin, mut times) = (Instant::now(), Vec::new());
    while begin.elapsed() < limit * 2 {
        let one = Instant::now();
        let child = C::start(None).await;
        times.push(one.elapsed().as_nanos() as u64);
        drop(child);
    }
    times.sort_unstable();
    Sample::default().with("ns", times[times.len() / 2] as f64)
}

/// Memory and processor time of many children that do nothing.
async fn idle<C: ChildProcess>() -> Sample {
    let mut children = Vec::new();
    for _ in 0..IDLE {
        children.push(C::start(None).await);
    }
    let family = Family::of_this_process();
    let each = |total: f64| total / IDLE as f64;
    let (before, begin) = (family.ticks(), Instant::now());
    tokio::time::sleep(IDLE_TIME).await;
    // A tick is a hundredth of a second.
    let busy = (family.ticks() - before) as f64 * 10_000_000.0;
    let sample = Sample::default()
        .with("bytes", each(family.bytes() as f64))
        .with("ns", busy / begin.elapsed().as_secs_f64());
    drop(children);
    sample
}
