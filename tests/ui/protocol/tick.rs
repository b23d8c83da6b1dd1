//! What comes by itself belongs to an actor.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message(every = "1s")]
    fn breathe(&mut self);
}

fn main() {}
