//! A process that asks the actor of `remote_server`.
//!
//! `cargo run --example remote_client -- unix://$PWD/target/greeter.sock`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[message(reply = String)]
struct Greet(String);

#[conclib::main]
async fn main() -> conclib::Result {
    let client = ProxyClient::connect(std::env::args().nth(1).unwrap_or_default()).await?;
    println!("{}", client.ask("greeter", Greet("Ada".into())).await?);
    Ok(())
}
