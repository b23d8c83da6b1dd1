//! The protocols have to be in parentheses.
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

#[actor(protocols = Feline)]
impl Cat {}

fn main() {}
