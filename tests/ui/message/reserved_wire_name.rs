use conclib::prelude::*;

#[message(name = "conclib:stop")]
struct Stop;

fn main() {}
