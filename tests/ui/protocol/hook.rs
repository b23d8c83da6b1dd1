//! Hooks are an actor's.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[on(start)]
    fn started(&mut self);
}

fn main() {}
