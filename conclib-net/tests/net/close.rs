//! The end of a broker and of a client.

use std::sync::Arc;

use crate::house::{House, PATIENCE, Ponder, ask, bytes, desk, doubles, request, soon, until};
use conclib::prelude::*;
use conclib::spi::{Broker as _, Outlet as _};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

#[support::test]
async fn closing_leaves_no_task_and_no_file() {
    let house = House::new();
    let before = tasks();
    let broker = house.open().await;
    let client = house.client().await;
    let _raw = house.raw().await;
    let _greeted_by_nobody = tokio::net::UnixStream::connect(&house.path).await.unwrap();
    assert!(doubles(&client, 1).await);
    soon(client.close()).await;
    soon(client.close()).await;
    soon(broker.close()).await;
    assert_eq!(tasks(), before);
    assert!(!house.path.exists());
    soon(broker.close()).await;
    drop(broker);
    assert_eq!(
        std::fs::read_dir(house.directory.path()).unwrap().count(),
        0
    );
}

#[support::test]
async fn dropping_leaves_no_task_and_no_file() {
    let mut house = House::new();
    let before = tasks();
    let broker = house.open().await;
    let client = house.client().await;
    let asker = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    let _request = house.request().await;
    drop(broker);
    assert!(!house.path.exists());
    assert!(soon(asker).await.unwrap().is_err());
    drop(client);
    until(|| tasks() == before).await;
}

#[support::test]
async fn what_was_answered_before_the_close_still_arrives() {
    let mut house = House::new();
    let broker = house.open().await;
    let client = house.client().await;
    let askers: Vec<_> = (0..100)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move { ask(&client, Ponder { n }).await })
        })
        .collect();
    for n in 0..100_u64 {
        house.request().await.respond(&n).unwrap();
    }
    broker.close().await;
    for (n, asker) in askers.into_iter().enumerate() {
        assert_eq!(soon(asker).await.unwrap(), Ok(n as u64));
    }
}

#[support::test]
async fn what_was_told_before_the_client_is_dropped_still_arrives() {
    let mut house = House::new();
    let broker = house.open().await;
    let client = house.client().await;
    for n in 0..100 {
        Call::new(desk(&client), Ponder { n }).try_tell().unwrap();
    }
    drop(client);
    for n in 0..100 {
        assert_eq!(house.request().await.decode::<Ponder>().unwrap().n, n);
    }
    until(|| broker.stats().connections == 0).await;
}

#[support::test]
async fn a_closed_client_says_so() {
    let house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    client.close().await;
    soon(client.room("desk")).await.unwrap();
    let error = ask(&client, Ponder { n: 1 }).await.unwrap_err();
    assert!(
        matches!(
            error,
            AskError::Disconnected {
                delivery: Delivery::NotDelivered,
                ..
            }
        ),
        "{error}"
    );
}

#[support::test]
async fn what_is_under_way_when_a_client_closes_ends() {
    let mut house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let asker = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    let _request = house.request().await;
    client.close().await;
    let error = soon(asker).await.unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
}

#[support::test]
fn askers_of_a_client_whose_runtime_ends_are_told() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (servers, clients) = (runtime(), runtime());
    let mut house = servers.block_on(async { House::new() });
    let broker = servers.block_on(house.open());
    let (client, asker) = std::thread::scope(|scope| {
        let connecting = scope.spawn(|| clients.block_on(house.client()));
        servers.block_on(until(|| connecting.is_finished()));
        let client = connecting.join().unwrap();
        let asker = servers.spawn({
            let client = client.clone();
            async move { ask(&client, Ponder { n: 1 }).await }
        });
        (client, asker)
    });
    drop(clients);
    assert!(servers.block_on(soon(asker)).unwrap().is_err());
    drop((broker, client));
    assert!(house.requests.try_recv().is_err());
}

/// Reports the begin of its work, and waits until it may end.
#[actor(urn = "slow")]
struct Slow {
    begun: mpsc::UnboundedSender<u64>,
    gate: Arc<Semaphore>,
}

#[actor]
impl Slow {
    #[message]
    async fn work(&mut self, n: u64) -> u64 {
        // The test has all of them in hand.
        let _ = self.begun.send(n);
        self.gate.acquire().await.unwrap().forget();
        n
    }
}

#[support::test]
async fn a_system_closes_its_broker_after_its_actors_have_answered() {
    let house = House::new();
    let (begun, mut works) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    house
        .system
        .spawn(Slow {
            begun,
            gate: gate.clone(),
        })
        .unwrap();
    let broker = Arc::new(house.open().await);
    house.system.attach(broker.clone()).unwrap();
    let client = house.client().await;
    let asker = tokio::spawn({
        let slow = conclib::spi::Remote::new(client.clone(), Urn::new("slow"));
        async move { Call::new(slow, SlowWork { n: 5 }).timeout(PATIENCE).await }
    });
    assert_eq!(soon(works.recv()).await, Some(5));
    let (report, ()) = tokio::join!(house.system.shutdown(), async {
        until(|| !client.stats().connected).await;
        gate.add_permits(1);
    });
    assert!(report.is_clean());
    assert_eq!(soon(asker).await.unwrap(), Ok(5));
    assert_eq!(broker.stats().connections, 0);
    assert!(!house.path.exists());
}

#[support::test]
async fn queued_requests_of_a_peer_that_left_are_skipped() {
    let house = House::new();
    let (begun, mut works) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    house
        .system
        .spawn(Slow {
            begun,
            gate: gate.clone(),
        })
        .unwrap();
    let broker = house.open().await;
    let client = house.client().await;
    let work = |n| {
        let slow = conclib::spi::Remote::new(client.clone(), Urn::new("slow"));
        tokio::spawn(async move { Call::new(slow, SlowWork { n }).timeout(PATIENCE).await })
    };
    let first = work(1);
    assert_eq!(soon(works.recv()).await, Some(1));

    let mut leaver = house.raw().await;
    for n in [2_u128, 3] {
        let body = format!(r#"{{"n":{n}}}"#);
        let conclib::wire::Frame::Request(envelope) = request(n, "work", body.as_bytes()) else {
            unreachable!("it is a request")
        };
        let envelope = conclib::wire::Envelope {
            to: "slow",
            ..envelope
        };
        leaver
            .write_all(&bytes(&conclib::wire::Frame::Request(envelope)))
            .await
            .unwrap();
    }
    drop(leaver);
    until(|| broker.stats().connections == 1).await;

    let last = work(4);
    until(|| client.stats().in_flight == 2).await;
    gate.add_permits(4);
    assert_eq!(soon(first).await.unwrap(), Ok(1));
    assert_eq!(soon(last).await.unwrap(), Ok(4));
    assert_eq!(
        works.recv().await,
        Some(4),
        "a request was served that nobody waits for"
    );
    assert_eq!(gate.available_permits(), 2);
}
