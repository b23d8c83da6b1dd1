//! A message of a protocol cannot be generic.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed<T>(&mut self, food: T);
}

fn main() {}
