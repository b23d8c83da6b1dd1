use conclib::prelude::*;

#[message(reply = u64)]
struct Get;

#[message]
struct Set(u64);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn get(&mut self, _: Get, _: Set) -> u64 {
        1
    }
}

fn main() {}
