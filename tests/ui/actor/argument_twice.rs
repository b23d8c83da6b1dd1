use conclib::prelude::*;

#[actor(urn = "counter", urn = "adder")]
struct Counter(u64);

fn main() {}
