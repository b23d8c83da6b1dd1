//! A tick belongs in the impl of an actor.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message(every = "1s")]
    fn breathe(&mut self);
}

fn main() {}
