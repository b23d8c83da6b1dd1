//! Systems served through a server that `start_redis` has started.

use conclib::prelude::*;
use conclib::spi::Remote;
use conclib_core::wire::Broker as _;
use conclib_redis::{RedisBroker, RedisClient, RedisConfig, RedisUrl, start_redis};

#[actor(urn = "greeter")]
pub struct Greeter;

#[actor]
impl Greeter {
    #[message]
    fn greet(&mut self, name: String) -> String {
        format!("Hello, {name}!")
    }
}

/// The user of the URL may do all that a broker does, and the URL is the only thing to know.
async fn is_served(config: RedisConfig) {
    let mut redis = start_redis(&config).await.unwrap();
    let url: RedisUrl = redis.url().parse().unwrap();
    assert!(!format!("{url} {url:?}").contains(redis.url().split(['/', '@']).nth(2).unwrap()));
    let system = System::new("served");
    system.spawn(Greeter).unwrap();
    let broker = RedisBroker::open(url.clone(), None, system.inlet())
        .await
        .unwrap();
    let client = RedisClient::connect(url, None).await.unwrap();
    let greeter: ActorRef<Greeter> =
        ActorRef::remote(Remote::new(client.outlet(), Urn::new("greeter")));
    assert_eq!(greeter.greet("Ada".into()).await.unwrap(), "Hello, Ada!");
    assert_eq!(
        greeter.greet("Eve".into()).durable().await.unwrap(),
        "Hello, Eve!"
    );
    assert!(
        client
            .dead_letters()
            .list("greeter", 1)
            .await
            .unwrap()
            .is_empty()
    );
    client.close().await;
    broker.close().await;
    redis.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_system_is_served_over_the_socket_of_an_owned_server() {
    is_served(RedisConfig::new()).await;
}

#[tokio::test]
async fn a_system_is_served_over_the_port_of_an_owned_server() {
    is_served(RedisConfig::new().port(0)).await;
}
