//! Counts of everything before and after, and a burst of which nothing is lost silently.

use conclib::prelude::*;
use support::processes::eventually;

use super::raw::Raw;
use super::server::{OwnServer, open_files};
use super::worker::{Worker, WorkerCount, WorkerCounted, WorkerWork};
use super::{actor, ask, client, serve};
use crate::server;

/// Everything that may be left behind.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    channels: usize,
    keys: i64,
    connections: usize,
    files: usize,
    tasks: usize,
}

impl Counts {
    async fn now(raw: &mut Raw) -> Self {
        Self {
            channels: raw.run("PUBSUB SHARDCHANNELS").await.list().len(),
            keys: raw.run("DBSIZE").await.integer(),
            connections: raw.run("CLIENT LIST").await.text().lines().count(),
            files: open_files(),
            tasks: support::alive(),
        }
    }
}

/// Resident memory of this process, in bytes.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident = pages.split(' ').nth(1).unwrap();
    resident.parse::<usize>().unwrap() * 4096
}

async fn live_and_end(url: &str) {
    let system = System::new("counted");
    system.spawn(Worker::default()).unwrap();
    serve(&system, url).await;
    let clients = [client(url).await, client(url).await];
    for id in 0..50 {
        for client in &clients {
            assert_eq!(ask(client, "worker", WorkerWork { id }).await, Ok(id));
        }
    }
    for client in clients {
        client.close().await;
    }
    system.shutdown().await;
}

#[support::test(alone)]
async fn nothing_is_left_behind() {
    let server = OwnServer::start(&[]).await;
    let mut raw = server.raw().await;
    live_and_end(&server.url()).await;
    // The server notes the end of a connection at its own time.
    let mut settled = Counts::now(&mut raw).await;
    while settled.connections > 1 || settled.channels > 0 {
        settled = Counts::now(&mut raw).await;
    }
    let before = memory();
    for _ in 0..30 {
        live_and_end(&server.url()).await;
    }
    let mut after = Counts::now(&mut raw).await;
    while after.connections > 1 || after.channels > 0 || after.tasks > settled.tasks {
        tokio::task::yield_now().await;
        after = Counts::now(&mut raw).await;
    }
    assert_eq!(after, settled);
    // Less than a megabyte each time, of which one connection takes more: the allocator keeps some.
    let grown = memory().saturating_sub(before) / 30;
    assert!(grown < 1024 * 1024, "{grown} bytes more each time");
}

#[support::test]
async fn of_a_burst_of_tells_to_a_slow_reader_none_is_lost_silently() {
    const TELLS: u64 = 20_000;
    let url = format!(
        "redis+unix://{}?ns={}",
        server::socket(),
        server::namespace()
    );
    let system = System::new("slow");
    let slow = system.actor(Worker::default()).mailbox(64);
    slow.spawn().unwrap();
    let broker = serve(&system, &url).await;
    let client = client(&url).await;
    let mut telling = tokio::task::JoinSet::new();
    for _ in 0..TELLS {
        let tell = Call::new(actor(&client, "worker"), WorkerCount {}).timeout(super::PATIENCE);
        telling.spawn(tell.tell().into_future());
    }
    let (mut queued, mut refused, mut lost) = (0, 0, 0);
    for told in super::soon(telling.join_all()).await {
        match told {
            Ok(()) => queued += 1,
            Err(TellError::Full { .. }) => refused += 1,
            Err(_) => lost += 1,
        }
    }
    assert_eq!(queued + refused + lost, TELLS);
    assert!(refused > 0, "the reader is not slow");
    let counted = loop {
        match ask(&client, "worker", WorkerCounted {}).await {
            Ok(counted) => break counted,
            Err(AskError::MailboxFull { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    };
    assert_eq!(counted, queued, "{lost} of unknown fate");
    assert_eq!((client.stats().overruns, broker.stats().overruns), (0, 0));
    client.close().await;
    system.shutdown().await;
}

#[support::test(alone)]
async fn a_close_ends_also_without_a_server_and_leaves_nothing_behind() {
    for is_killed in [true, false] {
        let mut server = OwnServer::start(&[]).await;
        let files = open_files();
        let system = System::new("closed");
        system.spawn(Worker::default()).unwrap();
        serve(&system, &server.url()).await;
        let client = client(&server.url()).await;
        assert_eq!(ask(&client, "worker", WorkerWork { id: 1 }).await, Ok(1));
        match is_killed {
            true => server.kill().await,
            false => server.freeze().await,
        }
        super::soon(client.close()).await;
        super::soon(system.shutdown().into_future()).await;
        drop((client, system));
        let is_gone = || open_files() <= files;
        eventually("all connections are closed", is_gone).await;
    }
    eventually("all tasks have ended", || support::alive() <= 2).await;
}
