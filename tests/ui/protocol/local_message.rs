//! A message of a protocol keeps its actors inside their process.
use conclib::prelude::*;
use tokio::sync::oneshot;

#[protocol]
trait Feline {
    #[message(local)]
    fn watch(&mut self, sender: oneshot::Sender<u8>) {
        let _ = sender;
    }
}

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

impl Feline for Cat {}

fn afar(client: &ProxyClient) -> ActorRef<Cat> {
    client.actor("cat").unwrap()
}

fn main() {}
