//! Requests through a proxy on a Redis server: a typed ask of an actor by its
//! name.

use std::process::ExitCode;

use conclib::prelude::*;
use redis_harness::{Address, BY, Client};

#[message(reply = u64)]
struct Add {
    by: u64,
}

#[message(reply = u64)]
struct Carry {
    text: String,
}

#[actor(urn = "adder", mailbox = 1024)]
struct Adder(u64);

#[actor]
impl Adder {
    #[handler]
    async fn add(&mut self, Add { by }: Add) -> u64 {
        self.0 = self.0.wrapping_add(by);
        by
    }

    #[handler]
    async fn carry(&mut self, Carry { text }: Carry) -> u64 {
        text.len() as u64
    }
}

#[derive(Clone)]
struct Proxied(ProxyClient);

fn url(address: &Address) -> String {
    match address {
        Address::Unix(path) => format!("redis+unix://{}", path.display()),
        Address::Tcp(port) => format!("redis://127.0.0.1:{port}"),
    }
}

impl Client for Proxied {
    async fn serve(address: Address, ready: impl FnOnce() + Send) {
        let system = System::new("bench");
        system.spawn(Adder(0)).expect("the name is free");
        let _proxy = Proxy::serve(&system, url(&address)).await.expect("the server runs");
        ready();
        std::future::pending().await
    }

    async fn connect(address: &Address) -> Self {
        Self(ProxyClient::connect(url(address)).await.expect("the server runs"))
    }

    async fn ask(&self) {
        let reply = self.0.ask("adder", Add { by: BY }).await;
        assert_eq!(reply.expect("the adder answers"), BY);
    }

    async fn tell(&self) {
        let told = self.0.ask("adder", Add { by: BY }).tell().await;
        told.expect("the adder takes the message");
    }

    async fn settle(&self) {
        // Messages of one sender are handled in order.
        self.ask().await;
    }

    async fn ask_durably(&self) -> bool {
        let reply = self.0.ask("adder", Add { by: BY }).durable().await;
        assert_eq!(reply.expect("the adder answers"), BY);
        true
    }

    async fn carry(&self, text: &str) {
        let reply = self.0.ask("adder", Carry { text: text.to_owned() }).await;
        assert_eq!(reply.expect("the adder answers"), text.len() as u64);
    }
}

fn main() -> ExitCode {
    redis_harness::main::<Proxied>()
}
