use conclib::prelude::*;

struct Count;

#[actor]
struct Counter;

#[actor]
impl Counter {
    #[handler]
    fn count(&mut self, _: Count) -> u64 {
        0
    }
}

fn main() {}
