use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn get(&self) -> &u64 {
        &self.0
    }
}

fn main() {}
