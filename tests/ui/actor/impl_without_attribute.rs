use conclib::prelude::*;

#[actor]
struct Counter(u64);

impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }

}

fn main() {}
