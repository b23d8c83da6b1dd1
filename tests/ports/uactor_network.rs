//! uactor 0.1.1: its tests about networking. Each program there starts its actors as processes;
//! here the test program starts itself.
#![allow(clippy::print_stdout, reason = "the output of a child, for the test")]

use std::collections::BTreeMap;
use std::env;
use std::io::{Read, stdin};
use std::process::Command;
use std::thread;

use conclib::error::{ConnectError, LinkError};
use conclib::prelude::*;
use support::child::Kid;

#[actor(urn = "network-actor")]
struct NetworkActor {
    other: ActorRef<OtherNetworkActor>,
    data: BTreeMap<String, i64>,
}

#[actor]
impl NetworkActor {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }

    #[message]
    fn other_actor(&mut self) -> ActorRef<OtherNetworkActor> {
        self.other.clone()
    }

    #[message]
    fn update(&mut self, name: String, value: i64) {
        self.data.insert(name, value);
    }

    #[message]
    fn get(&mut self, name: String) -> Option<i64> {
        self.data.get(&name).copied()
    }
}

#[actor(urn = "other-network-actor")]
pub struct OtherNetworkActor;

#[actor]
impl OtherNetworkActor {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }
}

/// Process of a `NetworkActor`, and that of the other actor that it refers to.
struct Servers {
    url: String,
    key: AuthKey,
    process: Kid,
    other_url: String,
    other_key: AuthKey,
    other: Kid,
}

fn start(child: &str, keys: &str, url: &str) -> conclib::Result<Kid> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["--exact", child, "--nocapture"]);
    command.env("UACTOR_KEYS", keys).env("UACTOR_OTHER", url);
    Ok(Kid::start(&mut command)?)
}

impl Servers {
    async fn start() -> conclib::Result<Self> {
        let [key, other_key] = [AuthKey::random()?, AuthKey::random()?];
        let hex = other_key.to_hex();
        let mut other = start(&support::test_name!(child_is_the_other), &hex, "")?;
        let other_url = other.said("serving: ").await?;
        let keys = format!("{} {hex}", key.to_hex());
        let mut process = start(&support::test_name!(child_serves), &keys, &other_url)?;
        Ok(Self {
            url: process.said("serving: ").await?,
            key,
            process,
            other_url,
            other_key,
            other,
        })
    }
}

/// Keys from the environment; `None` in the test program itself.
fn keys() -> Option<Vec<AuthKey>> {
    let keys = env::var("UACTOR_KEYS").ok()?;
    thread::spawn(|| {
        // Returns at the end of the pipe, as nothing is ever written.
        let _ = stdin().read(&mut [0]);
        std::process::exit(1);
    });
    keys.split(' ')
        .map(|key| AuthKey::from_hex(key).ok())
        .collect()
}

async fn serve(system: &System, key: &AuthKey) -> conclib::Result {
    let listening = system.listen("tcp://127.0.0.1:0", key.clone()).await?;
    println!("serving: {}", listening.url());
    system.run_until_signal().await?;
    Ok(())
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_is_the_other() -> conclib::Result {
    let Some(keys) = keys() else { return Ok(()) };
    let system = System::new("other");
    system.spawn(OtherNetworkActor)?;
    serve(&system, &keys[0]).await
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_serves() -> conclib::Result {
    let Some(keys) = keys() else { return Ok(()) };
    let system = System::new("network");
    let other = OtherNetworkActor::connect(env::var("UACTOR_OTHER")?, keys[1].clone()).await?;
    let data = BTreeMap::new();
    system.spawn(NetworkActor { other, data })?;
    serve(&system, &keys[0]).await
}

#[support::test]
async fn networking_manager() -> conclib::Result {
    let servers = Servers::start().await?;
    let manager = ProxyClient::connect(&*servers.url)
        .key(servers.key.clone())
        .await?;
    let remote: ActorRef<NetworkActor> = manager.actor("network-actor")?;
    assert_eq!(remote.pid().await?, servers.process.id());
    Ok(())
}

#[support::test]
async fn networking() -> conclib::Result {
    let mut servers = Servers::start().await?;
    let connect = || NetworkActor::connect(&*servers.url, servers.key.clone());
    let remote = connect().await?;
    assert_eq!(remote.pid().await?, servers.process.id());
    for value in [1, 2] {
        remote.update("a".into(), value).await?;
        assert_eq!(connect().await?.get("a".into()).await?, Some(value));
    }

    let error = NetworkActor::connect(&*servers.url, AuthKey::random()?)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ConnectError::Link(LinkError::Auth { .. })),
        "{error}"
    );

    // Only the owner ends the actor, as long as the server permits no other.
    assert_eq!(remote.stop().await, StopReason::OutOfReach);
    drop(remote);
    assert_eq!(connect().await?.pid().await?, servers.process.id());
    servers.process.signal("TERM")?;
    assert!(servers.process.exited()?.success());
    Ok(())
}

#[support::test]
async fn networking_forwarding() -> conclib::Result {
    let servers = Servers::start().await?;
    let system = System::new("asker");
    let actor = NetworkActor::connect(&*servers.url, servers.key.clone())
        .serve(&system)
        .await?;
    let error = actor.other_actor().await.unwrap_err();
    assert!(error.to_string().contains("system.keys().add"), "{error}");

    system
        .keys()
        .add(&servers.other_url, servers.other_key.clone())?;
    let other = actor.other_actor().await?;
    assert_eq!(other.pid().await?, servers.other.id());

    // The same under another name of the host, in another system of this process.
    let mapped = System::new("mapped");
    let to = servers.other_url.replace("127.0.0.1", "localhost");
    mapped.keys().map(&servers.other_url, &to)?;
    mapped.keys().add(&to, servers.other_key.clone())?;
    let actor = NetworkActor::connect(&*servers.url, servers.key.clone())
        .serve(&mapped)
        .await?;
    let other = actor.other_actor().await?;
    assert_eq!(other.pid().await?, servers.other.id());
    Ok(())
}
