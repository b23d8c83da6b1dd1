use conclib::prelude::*;

#[message(name = "count words")]
struct Count {
    text: String,
}

fn main() {}
