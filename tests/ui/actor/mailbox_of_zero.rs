use conclib::prelude::*;

#[actor(mailbox = 0)]
struct Counter(u64);

fn main() {}
