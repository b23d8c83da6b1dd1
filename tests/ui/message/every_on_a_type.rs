use conclib::prelude::*;

#[message(every = "1s")]
struct Count;

fn main() {}
