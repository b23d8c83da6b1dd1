use conclib::prelude::*;

struct Words(Vec<String>);

#[actor]
struct Counter(u64);

#[actor]
impl Counter {
    #[message]
    fn all(&self) -> Words {
        Words(vec![])
    }
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", CounterAll {}).await?;
    Ok(())
}

fn main() {}
