use conclib::prelude::*;

#[actor(overflow = DropAll)]
struct Counter(u64);

fn main() {}
