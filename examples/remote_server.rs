//! An actor that other processes ask, over a unix socket.
//!
//! `cargo run --example remote_server`, and in another terminal `cargo run --example remote_client`

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
    Proxy::serve(&system, "unix:///tmp/conclib-greeter.sock").await?;
    system.run_until_signal().await?;
    Ok(())
}
