//! Inheritance as in uactor: actors share messages through a protocol, override
//! them, and add others.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[protocol]
trait Feline {
    fn name(&self) -> &'static str;

    /// Default text that an override uses, as it would use `super`.
    fn introduction(&self) -> String {
        format!("Hi, it's {}.", self.name())
    }

    #[message]
    fn greet(&self) -> String {
        self.introduction()
    }
}

#[actor(urn = "cat")]
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
        format!("It's {}.", self.private())
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
    let (_cat, _tiger) = (system.spawn(Cat)?, system.spawn(Tiger)?);
    for feline in system.recipients::<FelineGreet>() {
        println!("[{}] {}", feline.urn(), feline.ask(FelineGreet {}).await?);
    }
    let child = system.spawn(Child)?;
    println!("[{}] {}", child.urn(), child.it_is().await?);
    println!("[{}] {}", child.urn(), child.hello().await?);
    Ok(())
}
