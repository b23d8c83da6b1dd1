use conclib::prelude::*;

struct Words(Vec<String>);

#[message(reply = Words)]
struct Split {
    text: String,
}

fn main() {}
