//! A message needs a `self`.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed(grams: u32);
}

fn main() {}
