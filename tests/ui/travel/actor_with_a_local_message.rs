use conclib::prelude::*;

use std::sync::mpsc::Sender;

#[message(local)]
struct Watch(Sender<u64>);

#[message(reply = u64)]
struct Get;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn watch(&mut self, Watch(sender): Watch) {
        let _ = sender.send(self.0);
    }

    #[handler]
    fn get(&mut self, _: Get) -> u64 {
        self.0
    }
}

fn use_it(remote: conclib::spi::Remote) -> ActorRef<Counter> {
    ActorRef::remote(remote)
}

fn main() {}
