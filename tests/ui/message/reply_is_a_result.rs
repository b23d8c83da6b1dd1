use conclib::prelude::*;

#[message(reply = Result<u64, std::fmt::Error>)]
struct Count {
    text: String,
}

fn main() {}
