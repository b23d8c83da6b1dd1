use conclib::prelude::*;

use std::sync::mpsc::Sender;

#[message(local)]
struct Watch(Sender<u64>);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn watch(&mut self, Watch(sender): Watch) {
        let _ = sender.send(self.0);
    }
}

/// Would carry a reference to an actor that cannot be asked from elsewhere.
#[message]
struct Introduce {
    counter: ActorRef<Counter>,
}

async fn send(client: &ProxyClient, counter: ActorRef<Counter>) -> conclib::Result {
    client.ask("host", Introduce { counter }).await?;
    Ok(())
}

fn main() {}
