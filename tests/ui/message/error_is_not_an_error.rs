use conclib::prelude::*;

#[message(reply = u64, error = String)]
struct Count {
    text: String,
}

fn main() {}
