//! Round trip through a proxy: an ask through the typed reference of an actor.

use std::path::Path;
use std::process::ExitCode;

use conclib::prelude::*;
use tokio::task::JoinSet;
use unix_harness::RoundTrip;

#[message(reply = u64)]
struct Add {
    by: u64,
}

#[actor(urn = "adder")]
struct Adder(u64);

#[actor]
impl Adder {
    #[handler]
    async fn add(&mut self, Add { by }: Add) -> u64 {
        self.0 = self.0.wrapping_add(by);
        by
    }
}

/// Large number, for which bincode needs nine bytes.
const BY: u64 = 1 << 40;

struct Proxied(ActorRef<Adder>);

impl RoundTrip for Proxied {
    async fn serve(path: &Path, ready: impl FnOnce()) {
        let system = System::new("bench");
        system.spawn(Adder(0)).expect("the name is free");
        let url = format!("unix://{}", path.display());
        let _proxy = Proxy::serve(&system, url).await.expect("the path is free");
        ready();
        std::future::pending().await
    }

    async fn connect(path: &Path) -> Self {
        let url = format!("unix://{}", path.display());
        let client = ProxyClient::connect(url).await.expect("it is there");
        Self(client.actor("adder").expect("it is a name"))
    }

    async fn go(&mut self, rounds: u64, in_flight: u64) {
        if in_flight == 1 {
            return ask(&self.0, rounds).await;
        }
        let mut askers = JoinSet::new();
        for _ in 0..in_flight {
            let adder = self.0.clone();
            askers.spawn(async move { ask(&adder, rounds / in_flight).await });
        }
        askers.join_all().await;
    }
}

async fn ask(adder: &ActorRef<Adder>, rounds: u64) {
    for _ in 0..rounds {
        let reply = adder.ask(Add { by: BY }).await;
        assert_eq!(reply.expect("the adder answers"), BY);
    }
}

fn main() -> ExitCode {
    unix_harness::main::<Proxied>()
}
