use conclib::prelude::*;

use std::sync::mpsc::Sender;

#[message]
struct Watch {
    sender: Sender<u64>,
}

fn main() {}
