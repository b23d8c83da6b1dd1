use conclib::prelude::*;

use std::rc::Rc;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    async fn get(&mut self) -> u64 {
        let shared = Rc::new(self.0);
        tokio::task::yield_now().await;
        *shared
    }
}

fn main() {}
