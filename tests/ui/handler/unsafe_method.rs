use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    unsafe fn add(&mut self, by: u64) {
        self.0 += by;
    }
}

fn main() {}
