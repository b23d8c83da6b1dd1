use conclib::prelude::*;

#[message(reply = u64)]
struct Get;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    #[handler]
    fn get(&mut self, _: Get) -> u64 {
        1
    }
}

fn main() {}
