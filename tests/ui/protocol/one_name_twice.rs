//! A message of the actor and one of its protocol have one wire name.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed(&mut self, grams: u32);
}

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {
    #[message(name = "feed")]
    fn eat(&mut self) {}
}

impl Feline for Cat {
    fn feed(&mut self, _: u32) {}
}

fn main() {}
