use conclib::prelude::*;

#[message(reply = u64)]
struct Count<'a> {
    text: &'a str,
}

fn main() {}
