use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn read_next(&mut self) {}

    #[message]
    fn read__next(&mut self) {}
}

fn main() {}
