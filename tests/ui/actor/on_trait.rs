use conclib::prelude::*;

#[actor]
trait Counter {}

fn main() {}
