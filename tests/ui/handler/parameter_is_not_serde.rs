use conclib::prelude::*;

struct Words(Vec<String>);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn put(&mut self, words: Words) {
        drop(words);
    }
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.tell("counter", CounterPut { words: Words(Vec::new()) }).await?;
    Ok(())
}

fn main() {}
