//! Actors as they are reached through Redis: at once, by their names, and by their messages.

use std::sync::Arc;

use conclib::prelude::*;
use conclib::spi::{Broker as _, Remote};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};

use crate::server;

#[actor]
#[derive(Default)]
pub struct Desk {
    handled: u64,
}

#[actor]
impl Desk {
    /// Returns the origin of the message, and the number of those before it.
    #[message]
    fn visit(&mut self, ctx: &mut Context<Self>) -> (String, u64) {
        self.handled += 1;
        (ctx.origin().to_string(), self.handled - 1)
    }
}

/// Message that no desk handles.
#[message(name = "leave", reply = u64)]
pub struct Leave {}

fn url() -> RedisUrl {
    let (socket, namespace) = (server::socket(), server::namespace());
    let url = format!("redis+unix://{socket}?ns={namespace}");
    url.parse().unwrap()
}

async fn serve(system: &System, url: &RedisUrl) -> RedisBroker {
    RedisBroker::open(url.clone(), None, system.inlet())
        .await
        .unwrap()
}

fn desk(client: &Arc<RedisClient>, urn: &str) -> Remote {
    Remote::new(client.outlet(), Urn::new(urn))
}

#[support::test]
async fn an_ask_right_after_a_system_is_served_is_answered() {
    let url = url();
    let client = RedisClient::connect(url.clone(), None).await.unwrap();
    for _ in 0..200 {
        let system = System::new("served");
        system.actor(Desk::default()).urn("desk").spawn().unwrap();
        let broker = serve(&system, &url).await;
        let asked = Call::new(desk(&client, "desk"), DeskVisit {}).await;
        assert_eq!(asked.unwrap().1, 0);
        broker.close().await;
    }
    client.close().await;
}

#[support::test]
async fn one_handler_serves_messages_from_here_and_from_redis_and_knows_where_they_come_from() {
    let url = url();
    let system = System::new("served");
    let here = system.actor(Desk::default()).urn("desk").spawn().unwrap();
    let broker = serve(&system, &url).await;
    let client = RedisClient::connect(url, None).await.unwrap();
    let there = desk(&client, "desk");
    assert_eq!(here.visit().await.unwrap(), ("local".into(), 0));
    let ephemeral = Call::new(there.clone(), DeskVisit {}).await.unwrap();
    let durable = Call::new(there, DeskVisit {}).durable().await.unwrap();
    assert!(ephemeral.0.starts_with("peer redis "), "{ephemeral:?}");
    assert!(durable.0.starts_with("peer redis sender "), "{durable:?}");
    assert_eq!((ephemeral.1, durable.1), (1, 2));
    client.close().await;
    broker.close().await;
}

#[support::test]
async fn nothing_is_reached_but_declared_messages_of_named_actors() {
    let url = url();
    let system = System::new("served");
    let named = system.actor(Desk::default()).urn("desk").spawn().unwrap();
    let anonymous = system.spawn(Desk::default()).unwrap();
    let broker = serve(&system, &url).await;
    let client = RedisClient::connect(url, None).await.unwrap();
    let by_urn = desk(&client, anonymous.urn().as_str());
    let refused = Call::new(by_urn, DeskVisit {}).await;
    assert!(
        matches!(refused, Err(AskError::NoSuchActor { .. })),
        "{refused:?}"
    );
    let undeclared = Call::new(desk(&client, "desk"), Leave {}).await;
    assert!(
        matches!(undeclared, Err(AskError::NoSuchMessage { .. })),
        "{undeclared:?}"
    );
    let undeclared = Call::new(desk(&client, "desk"), Leave {}).durable().await;
    assert!(
        matches!(undeclared, Err(AskError::NoSuchMessage { .. })),
        "{undeclared:?}"
    );
    assert_eq!(named.visit().await.unwrap().1, 0);
    assert_eq!(anonymous.visit().await.unwrap().1, 0);
    client.close().await;
    broker.close().await;
}

#[support::test]
async fn a_tell_to_a_name_that_nobody_serves_gives_the_message_back_with_the_reason() {
    let url = url();
    let client = RedisClient::connect(url.clone(), None).await.unwrap();
    let tell = || Call::new(desk(&client, "desk"), DeskVisit {}).tell();
    let told = tell().await;
    let Err(TellError::Failed { error, message }) = told else {
        panic!("{told:?}");
    };
    assert!(matches!(error, AskError::NoProxy { .. }), "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    let DeskVisit {} = message;
    // A system is served, without an actor of that name.
    let system = System::new("served");
    let broker = serve(&system, &url).await;
    let told = tell().await;
    let Err(TellError::Failed { error, .. }) = told else {
        panic!("{told:?}");
    };
    assert!(matches!(error, AskError::NoSuchActor { .. }), "{error:?}");
    client.close().await;
    broker.close().await;
}
