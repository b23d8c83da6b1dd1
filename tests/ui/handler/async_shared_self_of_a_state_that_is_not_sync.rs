use conclib::prelude::*;

use std::cell::Cell;

#[actor]
struct Counter(Cell<u64>);

#[actor]
impl Counter {
    #[message]
    async fn get(&self) -> u64 {
        self.0.get()
    }
}

fn main() {}
