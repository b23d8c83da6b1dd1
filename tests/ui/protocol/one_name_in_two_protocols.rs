//! Two protocols of an actor have messages with one wire name.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed(&mut self, grams: u32);
}

#[protocol]
trait Eater {
    #[message]
    fn feed(&mut self);
}

#[actor]
struct Cat;

#[actor(protocols(Feline, Eater))]
impl Cat {}

impl Feline for Cat {
    fn feed(&mut self, _: u32) {}
}

impl Eater for Cat {
    fn feed(&mut self) {}
}

fn main() {}
