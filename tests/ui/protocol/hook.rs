//! Hooks belong in the impl of an actor.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[on(start)]
    fn started(&mut self);
}

fn main() {}
