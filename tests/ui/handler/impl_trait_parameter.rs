use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: impl Into<u64>) {
        self.0 += by.into();
    }
}

fn main() {}
