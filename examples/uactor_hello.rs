//! The same actor as anywhere, in a process of its own.
#![allow(clippy::print_stdout, reason = "a program")]

use std::process;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[actor]
#[derive(Serialize, Deserialize)]
struct Hello;

#[actor]
impl Hello {
    #[message]
    fn greet(&mut self, name: String) -> String {
        format!("Hello, {name}, from process {}!", process::id())
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    println!("this is process {}", process::id());
    let hello = system.actor(Hello).in_process().spawn().await?;
    println!("{}", hello.greet("Ada".into()).await?);
    Ok(())
}
