use conclib::prelude::*;

#[derive(Debug, thiserror::Error)]
#[error("no words")]
struct NoWords;

#[message(reply = u64, error = NoWords)]
struct Count {
    text: String,
}

fn main() {}
