//! Round trip through a small RPC layer as written by hand: requests with ids,
//! a map of pending answers, bincode in length-prefixed frames, a task that
//! reads and a task that writes on each side, and an actor behind `mpsc`.

mod client;
mod server;
mod wire;

use std::path::Path;
use std::process::ExitCode;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use unix_harness::RoundTrip;

use client::Client;

/// Large number, for which bincode needs nine bytes.
const BY: u64 = 1 << 40;

impl RoundTrip for Client {
    async fn serve(path: &Path, ready: impl FnOnce()) {
        let listener = UnixListener::bind(path).expect("the path is free");
        let adder = server::spawn_adder();
        ready();
        let (stream, _) = listener.accept().await.expect("a client comes");
        server::serve(stream, &adder).await;
    }

    async fn connect(path: &Path) -> Self {
        Self::new(UnixStream::connect(path).await.expect("it is there"))
    }

    async fn go(&mut self, rounds: u64, in_flight: u64) {
        if in_flight == 1 {
            return ask(self, rounds).await;
        }
        let mut askers = JoinSet::new();
        for _ in 0..in_flight {
            let client = self.clone();
            askers.spawn(async move { ask(&client, rounds / in_flight).await });
        }
        askers.join_all().await;
    }
}

async fn ask(client: &Client, rounds: u64) {
    for _ in 0..rounds {
        assert_eq!(client.add("adder", BY).await, Some(BY));
    }
}

fn main() -> ExitCode {
    unix_harness::main::<Client>()
}
