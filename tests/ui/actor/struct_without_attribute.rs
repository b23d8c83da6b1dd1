use conclib::prelude::*;

struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

async fn use_it(counter: ActorRef<Counter>) {
    let _ = counter.add(1).await;
}

fn main() {}
