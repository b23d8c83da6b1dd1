use conclib::prelude::*;

#[message]
fn add(by: u64) -> u64 {
    by
}

fn main() {}
