//! A process that asks the actor of `remote_server`.
//!
//! `cargo run --example remote_client`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[message(reply = String)]
struct Greet(String);

#[conclib::main]
async fn main() -> conclib::Result {
    let client = ProxyClient::connect("unix:///tmp/conclib-greeter.sock").await?;
    println!("{}", client.ask("greeter", Greet("Ada".into())).await?);
    Ok(())
}
