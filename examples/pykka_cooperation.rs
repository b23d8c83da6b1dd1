//! Two actors work together. The bookkeeper does not know the type of the
//! adder: any actor that handles `AddOne` will do.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[message(reply = u64)]
struct AddOne(u64);

#[actor]
struct Adder;

#[actor]
impl Adder {
    #[handler]
    fn add_one(&mut self, AddOne(to): AddOne) -> u64 {
        println!("Adder is adding 1 to {to}");
        to + 1
    }
}

#[actor]
struct Bookkeeper {
    adder: Recipient<AddOne>,
}

#[actor]
impl Bookkeeper {
    #[message(local)]
    async fn count_to(&mut self, target: u64) -> Result<(), AskError> {
        let mut sum = 0;
        while sum < target {
            sum = self.adder.ask(AddOne(sum)).await?;
            println!("Bookkeeper got {sum} back");
        }
        Ok(())
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("office");
    let adder = system.spawn(Adder)?.recipient();
    let bookkeeper = system.spawn(Bookkeeper { adder })?;
    bookkeeper.count_to(5).await?;
    Ok(())
}
