use conclib::prelude::*;

#[actor]
struct Machine {
    #[field(get)]
    state: u8,
}

#[actor]
impl Machine {}

fn main() {}
