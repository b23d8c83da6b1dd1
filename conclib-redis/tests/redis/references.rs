//! References to named actors that travel through Redis.

use std::sync::Arc;

use conclib::prelude::*;
use conclib::spi::{Broker, Remote};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};
use support::until;

use crate::faults::raw::Raw;
use crate::server;

/// Counts its rings.
#[actor(urn = "bell")]
#[derive(Default)]
pub struct Bell {
    rung: u64,
    /// Dropped with the actor.
    _state: Arc<()>,
}

#[actor]
impl Bell {
    /// Returns the origin of the message, and the number of rings so far.
    #[message]
    fn ring(&mut self, ctx: &mut Context<Self>) -> (String, u64) {
        self.rung += 1;
        (ctx.origin().to_string(), self.rung)
    }

    #[message]
    fn me(&mut self, ctx: &mut Context<Self>) -> ActorRef<Self> {
        ctx.me()
    }
}

/// Keeps a reference, and rings by it.
#[actor(urn = "keeper")]
#[derive(Default)]
pub struct Keeper {
    kept: Option<ActorRef<Bell>>,
}

#[actor]
impl Keeper {
    #[message]
    fn keep(&mut self, bell: ActorRef<Bell>) {
        self.kept = Some(bell);
    }

    #[message]
    async fn ring(&mut self) -> Result<(String, u64), AskError> {
        self.kept.as_ref().unwrap().ring().await
    }

    #[message]
    async fn ring_durably(&mut self) -> Result<(String, u64), AskError> {
        self.kept.as_ref().unwrap().ring().durable().await
    }

    #[message]
    fn give_back(&mut self) -> Option<ActorRef<Bell>> {
        self.kept.take()
    }
}

/// System with a bell, a system with a keeper, and the way from the first to the second.
struct Scene {
    home: System,
    bell: ActorRef<Bell>,
    away: System,
    broker: RedisBroker,
    client: Arc<RedisClient>,
    url: RedisUrl,
}

impl Scene {
    async fn new() -> Self {
        let (socket, namespace) = (server::socket(), server::namespace());
        let url = format!("redis+unix://{socket}?ns={namespace}");
        let url: RedisUrl = url.parse().unwrap();
        let (home, away) = (System::new("home"), System::new("away"));
        let bell = home.spawn(Bell::default()).unwrap();
        away.spawn(Keeper::default()).unwrap();
        let broker = RedisBroker::open(url.clone(), None, away.inlet());
        let broker = broker.await.unwrap();
        let client = RedisClient::connect(url.clone(), None).await.unwrap();
        client.serve(&home.inlet());
        // Both are searched from now on.
        let mut raw = Raw::connect(socket).await.unwrap();
        let searched = format!("PUBSUB SHARDNUMSUB conclib:{namespace}:find");
        while raw.run(&searched).await.list()[1].integer() < 2 {}
        Self {
            home,
            bell,
            away,
            broker,
            client,
            url,
        }
    }

    fn keeper(&self) -> ActorRef<Keeper> {
        ActorRef::remote(Remote::new(self.client.outlet(), Urn::new("keeper")))
    }

    /// Sends a reference to the keeper.
    async fn keep(&self, bell: ActorRef<Bell>, is_durable: bool) {
        let keeper = self.keeper();
        let kept = match is_durable {
            true => keeper.keep(bell).durable().await,
            false => keeper.keep(bell).await,
        };
        kept.unwrap();
    }

    async fn end(self) {
        self.client.close().await;
        self.broker.close().await;
        self.home.shutdown().await;
        self.away.shutdown().await;
    }
}

/// Checks that the keeper has rung the bell through Redis, as often as it should.
fn was_rung(rung: Result<(String, u64), AskError<AskError>>, times: u64) {
    let (origin, rung) = rung.unwrap();
    assert!(origin.starts_with("peer redis "), "{origin}");
    assert_eq!(rung, times);
}

#[support::test]
async fn a_named_actor_is_asked_by_a_reference_that_came_through_redis() {
    for is_durable in [false, true] {
        let at = Scene::new().await;
        let keeper = at.keeper();
        at.keep(at.bell.clone(), is_durable).await;
        was_rung(keeper.ring().await, 1);
        was_rung(keeper.ring_durably().await, 2);
        // The one that comes home is local.
        let back = keeper.give_back().await.unwrap().unwrap();
        assert_eq!(back, at.bell);
        assert_eq!(back.ring().await.unwrap(), ("local".into(), 3));
        // A client without a system passes on what it got in an answer.
        let client = RedisClient::connect(at.url.clone(), None).await.unwrap();
        let by_name: ActorRef<Bell> =
            ActorRef::remote(Remote::new(client.outlet(), Urn::new("bell")));
        let far = match is_durable {
            true => by_name.me().durable().await,
            false => by_name.me().await,
        };
        let keeper: ActorRef<Keeper> =
            ActorRef::remote(Remote::new(client.outlet(), Urn::new("keeper")));
        keeper.keep(far.unwrap()).await.unwrap();
        was_rung(keeper.ring().await, 4);
        client.close().await;
        at.end().await;
    }
}

#[support::test]
async fn a_reference_that_travelled_through_redis_keeps_nobody_alive() {
    for is_durable in [false, true] {
        let at = Scene::new().await;
        let keeper = at.keeper();
        at.keep(at.bell.clone(), is_durable).await;
        was_rung(keeper.ring().await, 1);
        at.bell.stop().await;
        let ended = keeper.ring().await;
        let Err(AskError::Handler(AskError::NoSuchActor { urn })) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(urn.as_str(), "bell");
        // The reference is a name, which another actor may have later.
        let state = Arc::new(());
        let bell = Bell {
            rung: 10,
            _state: state.clone(),
        };
        at.home.spawn(bell).unwrap();
        was_rung(keeper.ring().await, 11);
        // Nothing of the system is left, while the keeper has the reference.
        let Scene {
            home,
            bell,
            away,
            broker,
            client,
            ..
        } = at;
        drop((bell, home));
        until(|| Arc::strong_count(&state) == 1).await;
        let ended = keeper.ring().await;
        assert!(
            matches!(ended, Err(AskError::Handler(AskError::NoSuchActor { .. }))),
            "{ended:?}"
        );
        client.close().await;
        broker.close().await;
        away.shutdown().await;
    }
}
