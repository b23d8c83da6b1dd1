use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn finish(self: Box<Self>) -> u64 {
        self.0
    }
}

fn main() {}
