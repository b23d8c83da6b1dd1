use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor(urn = "counter", mailbox = 16)]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

fn main() {}
