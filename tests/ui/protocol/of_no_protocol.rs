//! A list of all who handle a message is there for messages of a protocol.
use conclib::prelude::*;

#[actor]
struct Cat;

#[actor]
impl Cat {
    #[message]
    fn purr(&mut self) {}
}

fn main() {
    let system = System::new("felines");
    let _: Vec<Recipient<CatPurr>> = system.recipients();
}
