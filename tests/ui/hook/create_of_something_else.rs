use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(create)]
    fn create(start: u64) -> u64 {
        start
    }
}

fn main() {}
