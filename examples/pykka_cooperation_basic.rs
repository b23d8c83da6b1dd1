//! Two actors work together, by declared messages: nothing is generated that
//! is not written here.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[message(reply = u64)]
struct AddOne {
    to: u64,
}

#[message(local, error = AskError)]
struct CountTo {
    target: u64,
}

#[actor]
struct Adder;

#[actor]
impl Adder {
    #[handler]
    fn add_one(&mut self, AddOne { to }: AddOne) -> u64 {
        println!("Adder is adding 1 to {to}");
        to + 1
    }
}

#[actor]
struct Bookkeeper {
    adder: ActorRef<Adder>,
}

#[actor]
impl Bookkeeper {
    #[handler]
    async fn count_to(&mut self, CountTo { target }: CountTo) -> Result<(), AskError> {
        let mut sum = 0;
        while sum < target {
            sum = self.adder.ask(AddOne { to: sum }).await?;
            println!("Bookkeeper got {sum} back");
        }
        Ok(())
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("office");
    let adder = system.spawn(Adder)?;
    let bookkeeper = system.spawn(Bookkeeper { adder })?;
    bookkeeper.ask(CountTo { target: 5 }).await?;
    Ok(())
}
