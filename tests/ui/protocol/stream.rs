//! A message of a protocol cannot return a stream.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn meows(&mut self) -> impl Stream<Item = String>;
}

fn main() {}
