//! An actor names a protocol that does not exist.
use conclib::prelude::*;

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

fn main() {}
