//! Shared state is never copied, even if a feature of serde makes it a serde type.
use conclib::prelude::*;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[message(reply = u64)]
struct Share {
    state: Arc<AtomicU64>,
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", Share { state: Arc::default() }).await?;
    Ok(())
}

fn main() {}
