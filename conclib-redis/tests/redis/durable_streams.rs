//! Streams of replies, in both delivery classes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use conclib::prelude::*;
use conclib::spi::{Broker as _, Remote};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};
use futures_util::StreamExt as _;

use crate::server;

#[actor(urn = "counter")]
pub struct Counter {
    turns: Arc<AtomicU64>,
}

#[actor]
impl Counter {
    #[message]
    fn count(&mut self, to: u64) -> impl Stream<Item = u64> {
        self.turns.fetch_add(1, Ordering::Relaxed);
        futures_util::stream::iter(1..=to)
    }
}

#[support::test]
async fn a_durable_message_is_not_answered_by_a_stream() {
    let url = format!(
        "redis+unix://{}?ns={}",
        server::socket(),
        server::namespace()
    );
    let url: RedisUrl = url.parse().unwrap();
    let (system, turns) = (System::new("streams"), Arc::<AtomicU64>::default());
    let counter = Counter {
        turns: turns.clone(),
    };
    system.spawn(counter).unwrap();
    let inlet = system.inlet();
    let broker = RedisBroker::open(url.clone(), None, inlet).await.unwrap();
    let client = RedisClient::connect(url, None).await.unwrap();
    let remote = Remote::new(client.outlet(), Urn::new("counter"));
    let counter: ActorRef<Counter> = ActorRef::remote(remote);

    let refused = counter.count(3).durable().await.map(drop).unwrap_err();
    assert!(matches!(refused, AskError::Unsupported { .. }), "{refused}");
    assert_eq!(refused.delivery(), Delivery::NotDelivered);
    let items: Vec<_> = counter.count(3).await.unwrap().collect().await;
    let items: Vec<_> = items.into_iter().map(Result::unwrap).collect();
    assert_eq!(items, [1, 2, 3]);
    assert_eq!(turns.load(Ordering::Relaxed), 1, "the ephemeral one");
    client.close().await;
    broker.close().await;
}
