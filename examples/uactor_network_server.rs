//! An actor on the network: it serves until a client ends it.
//!
//! `cargo run --example uactor_network_server -- 'tcp://0.0.0.0:7000?plaintext=allow'`, with a key in
//! `CONCLIB_AUTHKEY` (`openssl rand -hex 32`)
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;
use conclib::spi::Control;

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
    let url = std::env::args()
        .nth(1)
        .unwrap_or("tcp://127.0.0.1:0".into());
    let actor = system.spawn(NetworkActor)?;
    let listening = system.listen(url, None).control(Control::Any).await?;
    println!("process {} at {}", std::process::id(), listening.url());
    listening.serve_until_stopped(&actor).await;
    Ok(())
}
