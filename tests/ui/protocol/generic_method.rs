//! The message of a method is one type.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed<T>(&mut self, food: T);
}

fn main() {}
