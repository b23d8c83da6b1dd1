use conclib::prelude::*;

struct Words(Vec<String>);

#[message]
struct Join {
    words: Words,
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", Join { words: Words(Vec::new()) }).await?;
    Ok(())
}

fn main() {}
