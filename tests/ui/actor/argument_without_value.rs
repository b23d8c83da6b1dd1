use conclib::prelude::*;

#[actor(urn, mailbox = "16", overflow = "Reject")]
struct Counter(u64);

fn main() {}
