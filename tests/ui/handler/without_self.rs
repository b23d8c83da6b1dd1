use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn add(by: u64) -> u64 {
        by
    }
}

async fn use_it(counter: ActorRef<Counter>) -> conclib::Result {
    let n: u64 = counter.add(1).await?;
    drop(n);
    Ok(())
}

fn main() {}
