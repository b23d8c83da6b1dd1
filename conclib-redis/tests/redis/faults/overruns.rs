//! Bursts that come faster than a process reads them, so that the client library or the server
//! drops messages for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use conclib::prelude::*;
use conclib_redis::{RedisBroker, RedisClient};
use support::processes::eventually;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};

use super::history::History;
use super::raw::Reply;
use super::server::OwnServer;
use super::worker::{Worker, WorkerWait, WorkerWork};
use super::{ask, client, serve};

/// Asks that are under way during a burst.
const ASKS: u64 = 50;

/// End of the connection between a client and a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Proxy,
    Client,
}

/// Client and proxy, asks between them that wait, and the inbox of each.
struct Scene {
    server: OwnServer,
    system: System,
    broker: Arc<RedisBroker>,
    client: Arc<RedisClient>,
    inboxes: [String; 2],
    history: History,
    open: watch::Sender<bool>,
    asking: JoinSet<()>,
}

impl Scene {
    async fn new() -> Self {
        let server = OwnServer::start(&[]).await;
        let (open, gate) = watch::channel(false);
        let (system, history) = (System::new("burst"), History::default());
        let mut worker = Worker::new(&history);
        worker.gate = Some(gate);
        system.spawn(worker).unwrap();
        let broker = serve(&system, &server.url()).await;
        let proxy = inboxes(&server).await.remove(0);
        let client = client(&server.url()).await;
        let mut others = inboxes(&server).await;
        others.retain(|inbox| *inbox != proxy);
        let mut scene = Self {
            inboxes: [proxy, others.remove(0)],
            server,
            system,
            broker,
            client,
            history,
            open,
            asking: JoinSet::new(),
        };
        for id in 1..=ASKS {
            let (client, history) = (scene.client.clone(), scene.history.clone());
            scene.asking.spawn(async move {
                let end = ask(&client, "worker", WorkerWait { id }).await;
                history.ended(id, &end);
            });
        }
        let history = scene.history.clone();
        eventually("a turn begins", || history.executions() == 1).await;
        scene
    }

    /// Publishes messages to the inbox of one end, while this process reads nothing.
    fn burst(&self, end: End, messages: usize, len: usize) {
        let [proxy, client] = &self.inboxes;
        let inbox = match end {
            End::Proxy => proxy,
            End::Client => client,
        };
        let mut commands = UnixStream::connect(self.server.socket()).unwrap();
        let answers = BufReader::new(commands.try_clone().unwrap());
        let mut command = format!(
            "*3\r\n$8\r\nSPUBLISH\r\n${}\r\n{inbox}\r\n${len}\r\n",
            inbox.len()
        )
        .into_bytes();
        command.resize(command.len() + len, 0xFF);
        command.extend(b"\r\n");
        let writing = std::thread::spawn(move || {
            (0..messages).for_each(|_| commands.write_all(&command).unwrap());
        });
        let answers = answers.lines().take(messages);
        let taken = answers.filter(|answer| answer.as_ref().unwrap() == ":1");
        assert!(taken.count() > 0, "nobody has the inbox {inbox}");
        writing.join().unwrap();
    }

    /// Checks that all asks have ended, and that others are answered.
    async fn goes_on(mut self) {
        super::soon(async { while self.asking.join_next().await.is_some() {} }).await;
        let counts = self.history.counts();
        assert_eq!(counts.failed() as u64, ASKS, "{counts:?}");
        self.open.send_replace(true);
        for id in ASKS + 1..ASKS + 100 {
            let end = ask(&self.client, "worker", WorkerWork { id }).await;
            self.history.ended(id, &end);
            assert_eq!(end, Ok(id));
        }
        self.history.check();
        self.client.close().await;
        self.system.shutdown().await;
    }
}

/// Inboxes of all that are connected.
async fn inboxes(server: &OwnServer) -> Vec<String> {
    let channels = server.run("PUBSUB SHARDCHANNELS *:in:*").await;
    channels.list().into_iter().map(Reply::text).collect()
}

/// Reply whose reader waits for the test, with the task that reads all messages of the client.
#[derive(Debug, PartialEq, serde::Serialize)]
pub struct Stuck;

/// Set once the reader waits.
static IS_STUCK: AtomicBool = AtomicBool::new(false);
static IS_FREE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

impl<'de> serde::Deserialize<'de> for Stuck {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IS_STUCK.store(true, Ordering::Relaxed);
        let is_stuck = |is_free: &mut bool| !*is_free;
        // In place: a task that this worker of the runtime was to run next goes on elsewhere.
        block_in_place(|| {
            let is_free = IS_FREE.0.lock().unwrap();
            let waited = IS_FREE
                .1
                .wait_timeout_while(is_free, super::PATIENCE, is_stuck);
            assert!(!waited.unwrap().1.timed_out());
        });
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

#[actor(urn = "glue")]
pub struct Glue;

#[actor]
impl Glue {
    #[message]
    fn stick(&mut self) -> Stuck {
        Stuck
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_burst_that_overruns_a_client_ends_its_asks_at_once_and_is_counted() {
    let scene = Scene::new().await;
    scene.system.spawn(Glue).unwrap();
    // A durable answer is read where all messages are.
    let client = scene.client.clone();
    let stuck = tokio::spawn(async move { ask(&client, "glue", GlueStick {}).durable().await });
    eventually("the reader waits", || IS_STUCK.load(Ordering::Relaxed)).await;
    const BURST: usize = 20_000;
    scene.burst(End::Client, BURST, 16);
    let mut raw = scene.server.raw().await;
    // The client library has read nearly all once nothing waits in the server.
    while !raw
        .run("CLIENT LIST TYPE pubsub")
        .await
        .text()
        .lines()
        .all(|line| line.contains(" omem=0 "))
    {}
    *IS_FREE.0.lock().unwrap() = true;
    IS_FREE.1.notify_all();
    eventually("the overrun is noticed", || {
        scene.client.stats().overruns > 0
    })
    .await;
    let stats = scene.client.stats();
    assert_eq!(stats.reconnects, 0);
    // The buffer has room for 2,048 messages, and the socket holds some more.
    let missed = stats.overrun_messages;
    assert!(
        missed > BURST as u64 / 2 && missed > stats.overruns,
        "{stats:?}"
    );
    // The durable answer comes all the same.
    assert_eq!(super::soon(stuck).await.unwrap(), Ok(Stuck));
    scene.goes_on().await;
}

#[support::test]
async fn a_burst_for_which_the_server_throws_a_process_out_ends_its_asks_and_it_comes_back() {
    for end in [End::Client, End::Proxy] {
        let scene = Scene::new().await;
        let limit = [
            &b"CONFIG"[..],
            b"SET",
            b"client-output-buffer-limit",
            b"pubsub 1mb 0 0",
        ];
        let set = scene.server.raw().await.command(&limit).await;
        assert_eq!(set, Reply::Text("OK".into()));
        scene.burst(end, 20_000, 1_000);
        eventually("it is thrown out, and comes back", || match end {
            End::Client => scene.client.stats().reconnects > 0,
            End::Proxy => scene.broker.stats().reconnects > 0,
        })
        .await;
        scene.goes_on().await;
    }
}
