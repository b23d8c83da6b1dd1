use conclib::prelude::*;

struct Words(Vec<String>);

#[message]
struct Join {
    words: Words,
}

fn main() {}
