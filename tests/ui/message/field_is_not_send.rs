use conclib::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

#[message]
struct Share {
    state: Rc<Cell<u64>>,
}

fn main() {}
