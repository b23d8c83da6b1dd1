use conclib::prelude::*;

#[actor(timeout = "soon")]
struct Worded(u64);

#[actor(timeout = 5)]
struct Number(u64);

#[actor(timeout = "0s")]
struct None(u64);

fn main() {}
