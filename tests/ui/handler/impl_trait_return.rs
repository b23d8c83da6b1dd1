use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn all(&self) -> impl Iterator<Item = u64> {
        0..self.0
    }
}

fn main() {}
