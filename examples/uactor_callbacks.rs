//! Callbacks between actors, each in a process of its own: an actor is given the message of another
//! one as a recipient, and sends it.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[message(reply = String)]
struct Ping {
    from: u32,
}

#[actor]
#[derive(Serialize, Deserialize)]
struct Sender;

#[actor]
impl Sender {
    #[message]
    async fn send(&mut self, receive: Recipient<Ping>) -> String {
        let from = std::process::id();
        match receive.ask(Ping { from }).await {
            Ok(answer) => answer,
            Err(error) => error.to_string(),
        }
    }
}

#[actor]
#[derive(Serialize, Deserialize)]
struct Receiver;

#[actor]
impl Receiver {
    #[handler]
    fn receive(&mut self, Ping { from }: Ping) -> String {
        match from == std::process::id() {
            true => "a ping of my own process".to_owned(),
            false => "pong".to_owned(),
        }
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let sender = system.actor(Sender).in_process().spawn().await?;
    let receiver = system.actor(Receiver).in_process().spawn().await?;
    println!("{}", sender.send(receiver.recipient()).await?);
    Ok(())
}
