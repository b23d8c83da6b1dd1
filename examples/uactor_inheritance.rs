//! Inheritance as in uactor: actors share messages through a protocol, override
//! them, and add others. Each has a process of its own.
#![allow(clippy::print_stdout, reason = "a program")]

use std::process;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[protocol]
trait Feline {
    fn name(&self) -> &'static str;

    /// Default text that an override uses, as it would use `super`.
    fn introduction(&self) -> String {
        format!("[{}] Hi, it's {}.", process::id(), self.name())
    }

    #[message]
    fn greet(&self) -> String {
        self.introduction()
    }
}

#[actor(urn = "cat")]
#[derive(Serialize, Deserialize)]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

impl Feline for Cat {
    fn name(&self) -> &'static str {
        "Mr. Whiskers"
    }

    fn greet(&self) -> String {
        format!("{} Meow.", self.introduction())
    }
}

#[actor(urn = "tiger")]
#[derive(Serialize, Deserialize)]
struct Tiger;

#[actor(protocols(Feline))]
impl Tiger {}

impl Feline for Tiger {
    fn name(&self) -> &'static str {
        "Shere Khan"
    }

    fn greet(&self) -> String {
        format!("{} Roar.", self.introduction())
    }
}

#[protocol]
trait Parent {
    /// Plain method, no message: only code with the actor itself can call it.
    fn private(&self) -> &'static str {
        "Parent"
    }

    #[message(name = "who")]
    fn it_is(&self) -> String {
        format!("[{}] It's {}.", process::id(), self.private())
    }
}

#[protocol]
trait Extra: Parent {
    #[message]
    fn hello(&self) -> String {
        format!("{} Hello.", self.it_is())
    }
}

#[actor(urn = "child")]
#[derive(Serialize, Deserialize)]
struct Child;

#[actor(protocols(Parent, Extra))]
impl Child {}

impl Parent for Child {
    fn private(&self) -> &'static str {
        "Child"
    }
}

impl Extra for Child {}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("zoo");
    let cat = system.actor(Cat).in_process().spawn().await?;
    let tiger = system.actor(Tiger).in_process().spawn().await?;
    for feline in [cat.recipient::<FelineGreet>(), tiger.recipient()] {
        println!("{}", feline.ask(FelineGreet {}).await?);
    }
    let child = system.actor(Child).in_process().spawn().await?;
    println!("{}", child.it_is().await?);
    println!("{}", child.hello().await?);
    Ok(())
}
