//! An actor names a protocol that is not there.
use conclib::prelude::*;

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

fn main() {}
