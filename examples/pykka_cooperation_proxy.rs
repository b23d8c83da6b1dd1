//! Two actors work together, by calls of methods: a reference to an actor is
//! what pykka calls its proxy.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor]
struct Adder;

#[actor]
impl Adder {
    #[message]
    fn add_one(&mut self, to: u64) -> u64 {
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
    #[message(local)]
    async fn count_to(&mut self, target: u64) -> Result<(), AskError> {
        let mut sum = 0;
        while sum < target {
            sum = self.adder.add_one(sum).await?;
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
    bookkeeper.count_to(5).await?;
    Ok(())
}
