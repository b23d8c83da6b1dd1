//! An actor names a trait that is no protocol.
use conclib::prelude::*;

trait Feline {}

#[actor]
struct Cat;

#[actor(protocols(Feline))]
impl Cat {}

impl Feline for Cat {}

fn main() {}
