//! A message works on its actor.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed(grams: u32);
}

fn main() {}
