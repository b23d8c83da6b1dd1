//! An actor that other processes ask, over a unix socket.
//!
//! `cargo run --example remote_server -- unix://$PWD/target/greeter.sock`

use conclib::prelude::*;

#[message(reply = String)]
struct Greet(String);

#[actor(urn = "greeter")]
struct Greeter;

#[actor]
impl Greeter {
    #[handler]
    fn greet(&mut self, Greet(name): Greet) -> String {
        format!("Hello, {name}!")
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    system.spawn(Greeter)?;
    Proxy::serve(&system, std::env::args().nth(1).unwrap_or_default()).await?;
    system.run_until_signal().await?;
    Ok(())
}
