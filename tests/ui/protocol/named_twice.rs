//! An actor names a protocol twice.
use conclib::prelude::*;

#[protocol]
trait Feline {
    #[message]
    fn feed(&mut self, grams: u32) {
        let _ = grams;
    }
}

#[actor]
struct Cat;

#[actor(protocols(Feline, Feline))]
impl Cat {}

impl Feline for Cat {}

fn main() {}
