use conclib::prelude::*;

#[message]
trait Add {}

fn main() {}
