//! The ACL that the guide recommends is enough, and no more than its namespace.

use std::path::Path;

use conclib::prelude::*;
use conclib::spi::{Broker as _, Remote};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};

use crate::server;
use crate::servers::Client;

#[actor(urn = "shop")]
pub struct Shop;

#[actor]
impl Shop {
    #[message]
    fn buy(&mut self, item: String) -> String {
        item
    }
}

#[support::test]
async fn the_recommended_acl_is_enough_and_confines_to_its_namespace() {
    let guide =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/from-other-processes.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let rule = guide
        .split("```text\n")
        .find(|block| block.starts_with("ACL SETUSER"));
    let rule = rule.and_then(|block| block.split("```").next()).unwrap();
    let rule: Vec<_> = rule.split_whitespace().collect();
    let rule = rule.join(" ").replace("PASSWORD", "secret");
    let mut admin = Client::unix(Path::new(server::socket())).await;
    assert_eq!(admin.ask(&rule).await, "+OK");

    let url = |namespace| -> RedisUrl {
        let url = format!(
            "redis+unix://shop:secret@localhost{}?ns={namespace}",
            server::socket()
        );
        url.parse().unwrap()
    };
    let system = System::new("shop");
    system.spawn(Shop).unwrap();
    let broker = RedisBroker::open(url("shop"), None, system.inlet())
        .await
        .unwrap();
    let client = RedisClient::connect(url("shop"), None).await.unwrap();
    let shop: ActorRef<Shop> = ActorRef::remote(Remote::new(client.outlet(), Urn::new("shop")));
    assert_eq!(shop.buy("tea".into()).await.unwrap(), "tea");
    assert_eq!(shop.buy("rice".into()).durable().await.unwrap(), "rice");
    shop.buy("salt".into()).durable().tell().await.unwrap();
    let letters = client.dead_letters();
    assert_eq!(letters.list("shop", 10).await.unwrap(), []);
    assert!(!letters.retry("shop", "1-0").await.unwrap());
    client.close().await;
    broker.close().await;
    // Nothing of all that was refused.
    assert_eq!(admin.ask("ACL LOG").await, "*0");

    let refused = RedisClient::connect(url("another"), None)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission"), "{refused}");
    let mut user = Client::unix(Path::new(server::socket())).await;
    assert_eq!(user.ask("AUTH shop secret").await, "+OK");
    for command in [
        "FLUSHALL",
        "KEYS *",
        "GET other",
        "SPUBLISH other x",
        "CONFIG GET dir",
        "ACL LIST",
    ] {
        let answer = user.ask(command).await;
        assert!(answer.starts_with("-NOPERM"), "{command}: {answer}");
    }
    assert_eq!(admin.ask("ACL DELUSER shop").await, ":1");
}
