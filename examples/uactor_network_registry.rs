//! Actors that are found by a directory on a known address.
//!
//! With a key in `CONCLIB_AUTHKEY`, each in a terminal of its own:
//!
//! `cargo run --example uactor_network_registry -- registry tcp://127.0.0.1:5000`,
//! `cargo run --example uactor_network_registry -- actor tcp://127.0.0.1:5000`, any number of them, and
//! `cargo run --example uactor_network_registry -- pick tcp://127.0.0.1:5000`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::directory::{Directory, DirectoryCalls as _, Registration};
use conclib::prelude::*;

#[actor(urn = "network-actor")]
struct NetworkActor;

#[actor]
impl NetworkActor {
    #[message]
    fn pid(&mut self) -> u32 {
        std::process::id()
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let registry = arguments.next().unwrap_or("tcp://127.0.0.1:5000".into());
    match &*part {
        "registry" => {
            system.spawn(Directory::default())?;
            let listening = system.listen(registry, None).await?;
            println!("the registry is at {}", listening.url());
            system.run_until_signal().await?;
        }
        "actor" => {
            let actor = system.spawn(NetworkActor)?;
            let listening = system.listen("tcp://127.0.0.1:0", None).await?;
            let directory = Directory::connect(registry, None).serve(&system).await?;
            let entry = Registration::new(directory, "actors", listening.url()).of(&actor);
            system.spawn(entry)?.started().await?;
            println!("process {} at {}", std::process::id(), listening.url());
            system.run_until_signal().await?;
        }
        _ => {
            let directory = Directory::connect(registry, None).await?;
            for _ in 0..10 {
                let Some(url) = directory.pick("actors".into()).await? else {
                    println!("no actor is there");
                    break;
                };
                let actor = NetworkActor::connect(&*url, None).await?;
                println!("process {} at {url}", actor.pid().await?);
            }
        }
    }
    Ok(())
}
