//! A process that asks the actor of `uactor_network_server`, and ends it.
//!
//! `cargo run --example uactor_network_client -- 'tcp://10.0.0.7:7000?plaintext=allow' stop`, with the
//! key of the server in `CONCLIB_AUTHKEY`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor(urn = "network-actor")]
struct NetworkActor;

#[actor]
impl NetworkActor {
    /// Declared for its messages: the actor is in the other process.
    #[message]
    fn pid(&mut self) -> u32 {
        0
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let url = std::env::args().nth(1).unwrap_or_default();
    let actor = NetworkActor::connect(url, None).await?;
    println!("the actor is in process {}", actor.pid().await?);
    if std::env::args().nth(2).is_some_and(|word| word == "stop") {
        println!("{}", actor.stop().await);
    }
    Ok(())
}
