use conclib::prelude::*;

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn count(&mut self, text: &str, more: Vec<&str>) -> usize {
        text.len() + more.len()
    }
}

async fn use_it(counter: ActorRef<Counter>) -> conclib::Result {
    counter.count("one", vec!["two"]).tell().await?;
    Ok(())
}

fn main() {}
