//! A handler that returns a stream cannot be async.
use conclib::prelude::*;

#[actor]
struct Counter;

#[actor]
impl Counter {
    #[message]
    async fn count(&mut self) -> impl Stream<Item = u64> {
        futures_util::stream::iter(0..3)
    }
}

fn main() {}
