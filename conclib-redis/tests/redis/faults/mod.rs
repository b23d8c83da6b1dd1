//! Faults of a Redis server, of the path to it and of the processes beside it, caused for real.

mod child;
mod cluster;
pub mod forged;
mod history;
mod kills;
mod load;
pub mod masters;
mod names;
mod overruns;
mod processes;
pub mod raw;
mod relay;
mod resources;
mod rotation;
pub mod sentinels;
pub mod server;
mod slow_path;
mod tls;
mod trouble;
mod worker;

mod durable;

use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{Broker, Remote};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};

/// Longest time of anything here, on a busy machine: no test ends by it unless it fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// Environment variable of the longer run.
const SOAK: &str = "CONCLIB_SOAK";

/// Returns the first number in the test command, and the second one in the longer run.
fn in_soak<T>(short: T, long: T) -> T {
    match std::env::var_os(SOAK) {
        None => short,
        Some(_) => long,
    }
}

async fn client(url: &str) -> Arc<RedisClient> {
    let url: RedisUrl = url.parse().unwrap();
    RedisClient::connect(url, None).await.unwrap()
}

async fn serve(system: &System, url: &str) -> Arc<RedisBroker> {
    let url: RedisUrl = url.parse().unwrap();
    let broker = RedisBroker::open(url, None, system.inlet()).await.unwrap();
    let broker = Arc::new(broker);
    system.attach(broker.clone() as Arc<dyn Broker>).unwrap();
    broker
}

/// Returns the address of an actor for the asks of a client.
fn actor(client: &RedisClient, urn: &str) -> Remote {
    Remote::new(client.outlet(), Urn::new(urn))
}

fn ask<M: conclib::traits::WireMessage>(
    client: &RedisClient,
    urn: &str,
    message: M,
) -> Call<Remote, M> {
    Call::new(actor(client, urn), message).timeout(PATIENCE)
}

/// Fails the test if the future takes too long.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it takes for ever")
}
