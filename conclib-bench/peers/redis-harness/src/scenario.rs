//! Scenarios.

use std::time::{Duration, Instant};

use harness::Sample;

use crate::place::{Place, Transport};
use crate::process::ServerProcess;
use crate::usage::{cpu, resident};
use crate::Client;

/// Work of a scenario.
#[derive(Clone, Copy)]
enum Work {
    /// Requests, with so many under way.
    Ask(u64),
    /// Messages without an answer, with so many under way.
    Tell(u64),
    /// Requests that are stored in the server, with so many under way.
    Durable(u64),
    /// Requests of 1 MiB.
    Carry,
    /// So many clients that do nothing.
    Idle(usize),
    /// A million requests, with the memory before and after.
    Memory,
}

/// Work, connection and cores.
pub(crate) struct Scenario {
    name: &'static str,
    work: Work,
    pub(crate) transport: Transport,
    pub(crate) cores: &'static str,
}

const ALL: [Scenario; 11] = [
    Scenario::new("ask-unix", Work::Ask(1), Transport::Unix, "0,1"),
    Scenario::new("ask-tcp", Work::Ask(1), Transport::Tcp, "0,1"),
    Scenario::new("ask-1-core", Work::Ask(1), Transport::Unix, "0"),
    Scenario::new("ask-64-unix", Work::Ask(64), Transport::Unix, "0,1"),
    Scenario::new("ask-64-tcp", Work::Ask(64), Transport::Tcp, "0,1"),
    Scenario::new("ask-64-1-core", Work::Ask(64), Transport::Unix, "0"),
    Scenario::new("tell-64", Work::Tell(64), Transport::Unix, "0,1"),
    Scenario::new("durable-64", Work::Durable(64), Transport::Unix, "0,1"),
    Scenario::new("body-1-mib", Work::Carry, Transport::Unix, "0,1"),
    Scenario::new("idle-1000", Work::Idle(1000), Transport::Unix, "0,1"),
    Scenario::new("memory", Work::Memory, Transport::Unix, "0,1"),
];

/// Requests before the clock starts.
const WARM_UP: u64 = 2_000;

/// Requests of one task between two looks at the clock.
const BATCH: u64 = 200;

/// Requests between two looks at the memory.
const MILLION: u64 = 1_000_000;

impl Scenario {
    const fn new(name: &'static str, work: Work, transport: Transport, cores: &'static str) -> Self {
        Self { name, work, transport, cores }
    }

    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|scenario| scenario.name == name)
    }

    /// Measures, for that time.
    pub(crate) async fn run<C: Client>(&self, place: &Place, server: &ServerProcess, limit: Duration) -> Sample {
        let client = C::connect(&place.address(self.transport)).await;
        match self.work {
            Work::Ask(1) => one_by_one(&client, limit).await,
            Work::Ask(in_flight) => many(&client, in_flight, limit).await,
            Work::Tell(in_flight) => tell(&client, in_flight, limit).await,
            Work::Durable(in_flight) => durable(&client, in_flight, limit).await,
            Work::Carry => carry(&client, limit).await,
            Work::Idle(clients) => {
                let mut others = vec![client];
                while others.len() < clients {
                    others.push(C::connect(&place.address(self.transport)).await);
                }
                idle(&others, [std::process::id(), server.id(), place.redis()], limit).await
            }
            Work::Memory => memory(&client, server, limit).await,
        }
    }
}

/// Times each request.
async fn one_by_one(client: &impl Client, limit: Duration) -> Sample {
    for _ in 0..WARM_UP {
        client.ask().await;
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while start.elapsed() < limit {
        let asked = Instant::now();
        client.ask().await;
        times.push(asked.elapsed().as_nanos() as u64);
    }
    Sample::default().with("ns", per(start, times.len() as u64)).with_percentiles(&mut times)
}

async fn many(client: &impl Client, in_flight: u64, limit: Duration) -> Sample {
    client.ask_many(WARM_UP * 4, in_flight).await;
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < limit {
        client.ask_many(BATCH * in_flight, in_flight).await;
        done += BATCH * in_flight;
    }
    Sample::default().with("ns", per(start, done))
}

async fn tell<C: Client>(client: &C, in_flight: u64, limit: Duration) -> Sample {
    let round = || async {
        batch(client, in_flight, |client: C| async move { client.tell().await }).await;
        client.settle().await;
    };
    round().await;
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < limit {
        round().await;
        done += BATCH * in_flight;
    }
    Sample::default().with("ns", per(start, done))
}

async fn durable<C: Client>(client: &C, in_flight: u64, limit: Duration) -> Sample {
    if !client.ask_durably().await {
        return Sample::default();
    }
    let ask = |client: C| async move { assert!(client.ask_durably().await) };
    batch(client, in_flight, ask).await;
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < limit {
        batch(client, in_flight, ask).await;
        done += BATCH * in_flight;
    }
    Sample::default().with("ns", per(start, done))
}

/// Makes [`BATCH`] requests in each of some tasks.
async fn batch<C: Client, F>(client: &C, tasks: u64, request: impl Fn(C) -> F + Copy + Send + 'static)
where
    F: Future<Output = ()> + Send,
{
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let client = client.clone();
        askers.spawn(async move {
            for _ in 0..BATCH {
                request(client.clone()).await;
            }
        });
    }
    askers.join_all().await;
}

async fn carry(client: &impl Client, limit: Duration) -> Sample {
    let text = "x".repeat(1024 * 1024);
    for _ in 0..20 {
        client.carry(&text).await;
    }
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < limit {
        client.carry(&text).await;
        done += 1;
    }
    Sample::default().with("ns", per(start, done))
}

/// Returns the processor time in a second of client, server and Redis while
/// nothing is asked, in milliseconds.
async fn idle(clients: &[impl Client], processes: [u32; 3], limit: Duration) -> Sample {
    for client in clients {
        client.ask().await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let limit = limit * 8;
    let before = processes.map(cpu);
    tokio::time::sleep(limit).await;
    let after = processes.map(cpu);
    let names = ["client-cpu", "server-cpu", "redis-cpu"];
    let names = names.into_iter().zip(before.into_iter().zip(after));
    names.fold(Sample::default(), |sample, (name, (before, after))| {
        sample.with(name, (after - before) as f64 / 1e6 / limit.as_secs_f64())
    })
}

/// Returns the resident memory of both ends before and after a million requests,
/// in KiB; fewer with a short time.
async fn memory(client: &impl Client, server: &ServerProcess, limit: Duration) -> Sample {
    let rounds = if limit < Duration::from_millis(400) { MILLION / 10 } else { MILLION };
    client.ask_many(rounds / 10, 64).await;
    let ends = [std::process::id(), server.id()];
    let [client_before, server_before] = ends.map(|end| resident(end) as f64);
    client.ask_many(rounds, 64).await;
    let [client_after, server_after] = ends.map(|end| resident(end) as f64);
    Sample::default()
        .with("client-before", client_before)
        .with("client-after", client_after)
        .with("server-before", server_before)
        .with("server-after", server_after)
}

/// Nanoseconds for each operation.
fn per(start: Instant, operations: u64) -> f64 {
    start.elapsed().as_nanos() as f64 / operations as f64
}
