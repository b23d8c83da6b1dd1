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
    fn get(&mut self, _: Get) -> u64 {
        self.0
    }

    #[message]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

async fn use_it(counter: ActorRef<Counter>) -> conclib::Result {
    let text: String = counter.ask(Get).await?;
    drop(text);
    Ok(())
}

fn main() {}
