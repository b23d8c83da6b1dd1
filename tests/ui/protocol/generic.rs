//! The messages of a protocol are the same for all.
use conclib::prelude::*;

#[protocol]
trait Feline<T> {
    #[message]
    fn feed(&mut self, food: T);
}

fn main() {}
