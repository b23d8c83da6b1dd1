//! A stream of replies is an actor's own.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn meows(&mut self) -> impl Stream<Item = String>;
}

fn main() {}
