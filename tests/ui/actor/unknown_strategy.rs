use conclib::prelude::*;

#[actor(strategy = AllForOne)]
struct Counter(u64);

fn main() {}
