use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(by: u64) -> u64 {
        by
    }

    #[message]
    fn named(&mut self, name: &str) -> u64 {
        name.len() as u64
    }

    #[message]
    fn stop(&mut self) {}

    #[on(begin)]
    fn begin(&mut self) {}
}

async fn use_it(counter: ActorRef<Counter>) -> conclib::Result {
    let n: u64 = counter.add(1).await?;
    counter.named("one").tell().await?;
    drop(n);
    Ok(())
}

fn main() {}
