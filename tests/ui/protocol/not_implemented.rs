//! An actor names a protocol that it does not implement.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn greet(&self) -> String;

    #[message]
    async fn feed(&mut self, grams: u32);
}

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

fn main() {
    let system = System::new("felines");
    let _ = system.spawn(Cat);
}
