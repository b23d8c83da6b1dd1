//! The actor that adds up numbers.

use conclib::prelude::*;

#[actor]
#[derive(Default)]
pub(crate) struct Counter {
    sum: u64,
}

#[actor]
impl Counter {
    #[message]
    async fn add(&mut self, by: u64) {
        self.sum += by;
    }

    #[message]
    async fn sum(&mut self, by: u64) -> u64 {
        self.sum += by;
        self.sum
    }
}
