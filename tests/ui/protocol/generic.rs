//! A protocol cannot be generic.
use conclib::prelude::*;

#[protocol]
trait Feline<T> {
    #[message]
    fn feed(&mut self, food: T);
}

fn main() {}
