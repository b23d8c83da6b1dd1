use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(start)]
    fn one(&mut self) {}

    #[on(start)]
    fn two(&mut self) {}
}

fn main() {}
