use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

async fn borrowed(counter: ActorRef<Counter>) -> conclib::Result {
    counter.add(1).priority(1).await?;
    Ok(())
}

async fn owned(counter: ActorRef<Counter>) -> conclib::Result {
    counter.add(1).owned().priority(1).await?;
    Ok(())
}

fn main() {}
