use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, (one, two): (u64, u64)) {
        self.0 += one + two;
    }
}

fn main() {}
