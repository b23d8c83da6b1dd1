//! Shared state is never copied, even if a feature of serde makes it a serde type.
use conclib::prelude::*;
use std::sync::{Arc, Mutex};

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn share(&mut self, state: Arc<Mutex<u64>>) {
        self.0 = *state.lock().unwrap();
    }
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", CounterShare { state: Arc::default() }).await?;
    Ok(())
}

fn main() {}
