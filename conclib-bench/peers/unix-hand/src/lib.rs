//! Small RPC layer as written by hand: requests with ids, a map of pending
//! answers, bincode in length-prefixed frames, a task that reads and a task that
//! writes on each side, and an actor behind `mpsc`.

mod client;
pub mod server;
mod wire;

pub use client::Client;

use tokio::task::JoinSet;

/// Large number, for which bincode needs nine bytes.
const BY: u64 = 1 << 40;

/// Makes so many round trips, with a fixed number under way.
pub async fn go(client: &Client, rounds: u64, in_flight: u64) {
    if in_flight == 1 {
        return ask(client, rounds).await;
    }
    let mut askers = JoinSet::new();
    for _ in 0..in_flight {
        let client = client.clone();
        askers.spawn(async move { ask(&client, rounds / in_flight).await });
    }
    askers.join_all().await;
}

async fn ask(client: &Client, rounds: u64) {
    for _ in 0..rounds {
        assert_eq!(client.add("adder", BY).await, Some(BY));
    }
}
