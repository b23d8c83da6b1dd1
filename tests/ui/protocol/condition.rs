//! A message of a protocol cannot have a condition.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[cfg(unix)]
    #[message]
    fn feed(&mut self, grams: u32);
}

fn main() {}
