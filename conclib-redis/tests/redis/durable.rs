//! Messages that are delivered at least once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Outlet, Remote};
use conclib_core::wire::Broker as _;
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};
use tokio::sync::{mpsc, watch};

use crate::server;

/// Attempts of messages, in the order of their turns.
type Record = Arc<Mutex<Vec<(u64, u32)>>>;

#[actor(urn = "ledger")]
pub struct Ledger {
    record: Record,
    begun: mpsc::UnboundedSender<u64>,
    go: watch::Receiver<bool>,
}

#[actor]
impl Ledger {
    #[message]
    async fn add(&mut self, n: u64, ctx: &mut Context<Self>) -> u64 {
        let _ = self.begun.send(n);
        let _ = self.go.wait_for(|go| *go).await;
        self.record.lock().unwrap().push((n, ctx.attempt()));
        n * 2
    }

    #[message]
    async fn fail(&mut self, until: u32, ctx: &mut Context<Self>) -> u32 {
        self.record.lock().unwrap().push((0, ctx.attempt()));
        assert!(ctx.attempt() >= until, "as ordered");
        ctx.attempt()
    }
}

/// System with a ledger, whose turns wait for `go`.
struct Books {
    system: System,
    record: Record,
    begun: mpsc::UnboundedReceiver<u64>,
    go: watch::Sender<bool>,
}

impl Books {
    fn new(go: bool) -> Self {
        let (begin, begun) = mpsc::unbounded_channel();
        let (go, going) = watch::channel(go);
        let (system, record) = (System::new("books"), Record::default());
        let (kept, begin) = (record.clone(), begin);
        let ledger = move || Ledger {
            record: kept.clone(),
            begun: begin.clone(),
            go: going.clone(),
        };
        let restart = Restart::on_failure().max(100, Duration::from_secs(10));
        system.actor_with(ledger).restart(restart).spawn().unwrap();
        Self {
            system,
            record,
            begun,
            go,
        }
    }

    fn record(&self) -> Vec<(u64, u32)> {
        self.record.lock().unwrap().clone()
    }
}

fn url(namespace: &str) -> RedisUrl {
    format!("redis+unix://{}?ns={namespace}", server::socket())
        .parse()
        .unwrap()
}

async fn serve(books: &Books, namespace: &str) -> RedisBroker {
    RedisBroker::open(url(namespace), None, books.system.inlet())
        .await
        .unwrap()
}

async fn client(namespace: &str) -> (Arc<RedisClient>, ActorRef<Ledger>) {
    let client = RedisClient::connect(url(namespace), None).await.unwrap();
    let outlet: Arc<dyn Outlet> = client.outlet();
    (
        client,
        ActorRef::remote(Remote::new(outlet, Urn::new("ledger"))),
    )
}

#[tokio::test]
async fn a_durable_message_is_handled_once_and_answered() {
    let (namespace, books) = (server::namespace(), Books::new(true));
    let broker = serve(&books, &namespace).await;
    let (client, ledger) = client(&namespace).await;
    assert_eq!(ledger.add(4).durable().await.unwrap(), 8);
    for n in 0..100 {
        ledger.add(n).durable().tell().await.unwrap();
    }
    assert_eq!(ledger.add(100).durable().await.unwrap(), 200);
    let expected: Vec<_> = std::iter::once((4, 1))
        .chain((0..=100).map(|n| (n, 1)))
        .collect();
    assert_eq!(books.record(), expected);
    client.close().await;
    broker.close().await;
}

#[tokio::test]
async fn a_message_waits_for_an_actor_that_is_not_there_yet() {
    let namespace = server::namespace();
    let (client, ledger) = client(&namespace).await;
    for n in 0..10 {
        ledger.add(n).durable().tell().await.unwrap();
    }
    let asked = tokio::spawn(
        ledger
            .add(10)
            .durable()
            .timeout(Duration::from_secs(60))
            .owned()
            .into_future(),
    );
    let books = Books::new(true);
    let broker = serve(&books, &namespace).await;
    assert_eq!(asked.await.unwrap().unwrap(), 20);
    assert_eq!(books.record(), (0..=10).map(|n| (n, 1)).collect::<Vec<_>>());
    client.close().await;
    broker.close().await;
}

#[tokio::test]
async fn a_message_whose_owner_died_comes_again() {
    let (namespace, mut books) = (server::namespace(), Books::new(false));
    let broker = serve(&books, &namespace).await;
    let (client, ledger) = client(&namespace).await;
    for n in 0..10 {
        ledger.add(n).durable().tell().await.unwrap();
    }
    assert_eq!(books.begun.recv().await, Some(0));
    // The end of a process: without a word.
    drop(broker);
    let next = Books::new(true);
    let broker = serve(&next, &namespace).await;
    assert_eq!(
        ledger
            .add(10)
            .durable()
            .timeout(Duration::from_secs(60))
            .await
            .unwrap(),
        20
    );
    let record = next.record();
    assert_eq!(
        record.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
        (0..=10).collect::<Vec<_>>()
    );
    assert_eq!(record[0], (0, 2), "the turn that was cut short");
    assert_eq!(record[10], (10, 1));
    books.go.send_replace(true);
    client.close().await;
    broker.close().await;
}

#[tokio::test]
async fn a_turn_that_panics_is_tried_again_and_then_a_dead_letter() {
    let (namespace, books) = (server::namespace(), Books::new(true));
    let broker = serve(&books, &namespace).await;
    let (client, ledger) = client(&namespace).await;
    assert_eq!(ledger.fail(3).durable().await.unwrap(), 3);
    let failed = ledger.fail(9).durable().await.unwrap_err();
    assert!(matches!(failed, AskError::Panicked { .. }), "{failed}");
    // Later messages are handled as before.
    assert_eq!(ledger.add(1).durable().await.unwrap(), 2);
    let letters = client.dead_letters();
    let dead = letters.list("ledger", 10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((&*dead[0].message, dead[0].attempts), ("fail", 3));
    assert!(letters.retry("ledger", &dead[0].id).await.unwrap());
    let mut list = letters.list("ledger", 10).await.unwrap();
    while list.is_empty() {
        list = letters.list("ledger", 10).await.unwrap();
    }
    assert!(letters.drop("ledger", &list[0].id).await.unwrap());
    assert!(!letters.drop("ledger", &list[0].id).await.unwrap());
    assert_eq!(letters.list("ledger", 10).await.unwrap(), []);
    client.close().await;
    broker.close().await;
}
