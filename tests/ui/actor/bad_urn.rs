use conclib::prelude::*;

#[actor(urn = "the counter")]
struct Counter(u64);

#[actor(urn = "conclib:counter")]
struct Reserved;

#[actor(urn = "")]
struct Empty;

fn main() {}
