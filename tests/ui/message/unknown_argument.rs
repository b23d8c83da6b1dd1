use conclib::prelude::*;

#[message(replies = u64, name = "count")]
struct Count {
    text: String,
}

fn main() {}
