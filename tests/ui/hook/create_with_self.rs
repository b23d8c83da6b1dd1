use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[on(create)]
    fn create(&mut self, start: u64) -> Self {
        Self(start)
    }
}

fn main() {}
