use conclib::prelude::*;
use serde::{Deserialize, Serialize};

use std::sync::mpsc::Sender;

#[message(local)]
struct Watch(Sender<u64>);

#[actor]
#[derive(Serialize, Deserialize)]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn watch(&mut self, Watch(sender): Watch) {
        let _ = sender.send(self.0);
    }
}

async fn use_it(system: &System) -> conclib::Result {
    let _counter = system.actor(Counter(1)).in_process().spawn().await?;
    Ok(())
}

fn main() {}
