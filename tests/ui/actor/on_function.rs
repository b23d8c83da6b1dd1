use conclib::prelude::*;

#[actor]
fn counter() {}

fn main() {}
