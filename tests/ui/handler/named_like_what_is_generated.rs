use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn calls(&self) -> u64 {
        self.0
    }

    #[message]
    fn inbox(&self) -> u64 {
        self.0
    }
}

fn main() {}
