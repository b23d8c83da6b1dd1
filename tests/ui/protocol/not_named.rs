//! An actor that implements a protocol names it, too.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed(&mut self, grams: u32) {
        let _ = grams;
    }
}

#[actor]
struct Cat;

#[actor]
impl Cat {
    #[message]
    fn purr(&mut self) {}
}

impl Feline for Cat {}

fn main() {
    let system = System::new("felines");
    let cat = system.spawn(Cat).unwrap();
    let _ = cat.ask(FelineFeed { grams: 1 });
}
