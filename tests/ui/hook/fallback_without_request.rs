use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[fallback]
    fn other(&mut self) {}
}

fn main() {}
