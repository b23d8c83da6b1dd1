use conclib::prelude::*;

#[actor(name = "counter", mailbox = 16, capacity = 3)]
struct Counter(u64);

fn main() {}
