//! Round trip through the RPC layer that is written by hand.

use std::path::Path;
use std::process::ExitCode;

use bench_unix_hand::{Client, go, server};
use tokio::net::{UnixListener, UnixStream};
use unix_harness::RoundTrip;

struct ByHand(Client);

impl RoundTrip for ByHand {
    async fn serve(path: &Path, ready: impl FnOnce()) {
        let listener = UnixListener::bind(path).expect("the path is free");
        let adder = server::spawn_adder();
        ready();
        let (stream, _) = listener.accept().await.expect("a client comes");
        server::serve(stream, &adder).await;
    }

    async fn connect(path: &Path) -> Self {
        Self(Client::new(UnixStream::connect(path).await.expect("it is there")))
    }

    async fn go(&mut self, rounds: u64, in_flight: u64) {
        go(&self.0, rounds, in_flight).await;
    }
}

fn main() -> ExitCode {
    unix_harness::main::<ByHand>()
}
