//! Actors of this process, asked by the original client.

use conclib::prelude::*;
use conclib_core::wire::Broker as _;

use super::{Channels, Double, Doubled, Empty, Order, Place, peer};

#[actor(urn = "doubler", mailbox = 64)]
struct Doubler;

#[actor]
impl Doubler {
    #[handler]
    fn double(&mut self, Double { number }: Double) -> Doubled {
        Doubled { number: number * 2 }
    }
}

#[derive(Debug, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("sold out")]
struct SoldOut {
    until: String,
}

#[message(reply = (), error = SoldOut)]
struct Fail {
    how: String,
}

#[actor(urn = "shop")]
struct Shop;

#[actor]
impl Shop {
    #[handler]
    fn place(&mut self, place: Place) -> Order {
        match &*place.customer {
            "Ada" => assert!(place.express && place.weights["tea"] == 0.25),
            _ => assert!(!place.express && place.weights.is_empty()),
        }
        Order {
            number: 7,
            first: place.lines.first().cloned(),
            lines: place.lines,
            note: place.note,
            placed: place.placed,
        }
    }

    #[handler]
    fn nothing(&mut self, _: Empty) {}

    #[handler]
    fn fail(&mut self, Fail { how }: Fail) -> Result<(), SoldOut> {
        assert_ne!(how, "panic", "a {how} on purpose");
        Err(SoldOut {
            until: "Monday".into(),
        })
    }
}

/// Actor that keeps no reply.
#[actor(urn = "fragile")]
struct Fragile;

#[actor]
impl Fragile {
    #[handler]
    fn double(&mut self, _: Double, ctx: &mut Context<Self>) -> Deferred<Doubled> {
        ctx.defer().1
    }
}

#[actor(urn = "counter")]
struct Counter(u64);

#[actor]
impl Counter {
    #[message(name = "Empty")]
    fn count(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_client_gets_its_own_answers() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    peer::ask(&channels, &["numbers", "200"]).await;
    broker.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_client_that_subscribes_late_never_hangs() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    peer::ask(&channels, &["delayed", "200"]).await;
    broker.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_python_processes_get_their_own_answers() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    let broker = channels.serve(&system).await;
    peer::ask(&channels, &["processes", "4", "500"]).await;
    broker.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_arrive_as_structs_and_structs_as_models() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Shop).unwrap();
    let broker = channels.serve(&system).await;
    peer::ask(&channels, &["models"]).await;
    broker.close().await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failure_is_an_error_in_python_at_once() {
    let channels = Channels::new();
    let system = System::new("python");
    system.spawn(Doubler).unwrap();
    system.spawn(Shop).unwrap();
    system.spawn(Fragile).unwrap();
    system.spawn(Counter(0)).unwrap();
    let broker = channels.serve(&system).await;
    let mut lines = peer::ask(&channels, &["failures"]).await.into_iter();
    for begin in [
        "no_such_actor: no actor of that name lives here (`Empty` to `nobody`)",
        "codec: the request, or its answer, does not fit: malformed json: missing field `number`",
        "no_such_message: the actor has no message `Line`",
        "error: {\"until\":\"Monday\"}",
        "panicked: the handler panicked: ",
        "urn: ",
        "no_reply: ",
    ] {
        let line = lines.next().unwrap();
        let (text, seconds): (String, f64) = serde_json::from_str(&line).expect(&line);
        assert!(text.starts_with(begin), "{text}");
        assert!(seconds < 10.0, "{text} after {seconds} s");
    }
    assert_eq!(lines.next().as_deref(), Some("ok"));
    broker.close().await;
    assert_eq!(channels.server.subscribers(&channels.inbound).await, 0);
}
