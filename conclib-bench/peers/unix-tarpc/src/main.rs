//! Round trip through tarpc, as in its examples: a task for each request, and
//! bincode in length-prefixed frames. The service has no actor behind it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use tarpc::serde_transport::unix;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::{client, context};
use tokio::task::JoinSet;
use unix_harness::RoundTrip;

/// Large number, as in the other programs.
const BY: u64 = 1 << 40;

#[tarpc::service]
trait Adder {
    /// Adds a number, and returns it.
    async fn add(by: u64) -> u64;
}

#[derive(Clone, Default)]
struct Sum(Arc<AtomicU64>);

impl Adder for Sum {
    async fn add(self, _: context::Context, by: u64) -> u64 {
        self.0.fetch_add(by, Ordering::Relaxed);
        by
    }
}

struct Tarpc(AdderClient);

impl RoundTrip for Tarpc {
    async fn serve(path: &Path, ready: impl FnOnce()) {
        let mut listener = unix::listen(path, Bincode::default).await.expect("the path is free");
        ready();
        let transport = listener.next().await.expect("a client comes").expect("it is open");
        let requests = BaseChannel::with_defaults(transport).execute(Sum::default().serve());
        requests
            .for_each(|answering| async move {
                tokio::spawn(answering);
            })
            .await;
    }

    async fn connect(path: &Path) -> Self {
        let transport = unix::connect(path, Bincode::default).await.expect("it is there");
        Self(AdderClient::new(client::Config::default(), transport).spawn())
    }

    async fn go(&mut self, rounds: u64, in_flight: u64) {
        if in_flight == 1 {
            return ask(&self.0, rounds).await;
        }
        let mut askers = JoinSet::new();
        for _ in 0..in_flight {
            let client = self.0.clone();
            askers.spawn(async move { ask(&client, rounds / in_flight).await });
        }
        askers.join_all().await;
    }
}

async fn ask(client: &AdderClient, rounds: u64) {
    for _ in 0..rounds {
        let reply = client.add(context::current(), BY).await;
        assert_eq!(reply.expect("the adder answers"), BY);
    }
}

fn main() -> ExitCode {
    unix_harness::main::<Tarpc>()
}
