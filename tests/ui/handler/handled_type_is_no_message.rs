//! The type that a handler takes has no `#[message]`.
use conclib::prelude::*;

struct Set(u64);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[handler]
    fn set(&mut self, Set(to): Set) {
        self.0 = to;
    }

    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

async fn use_it(counter: ActorRef<Counter>) -> conclib::Result {
    counter.ask(Set(1)).await?;
    assert_eq!(counter.add(1).await?, 2);
    Ok(())
}

fn main() {}
