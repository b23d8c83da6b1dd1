use conclib::prelude::*;

#[derive(Debug, thiserror::Error)]
#[error("no words")]
struct NoWords;

#[message(reply = u64, error = NoWords)]
struct Count {
    text: String,
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", Count { text: "a b".into() }).await?;
    Ok(())
}

fn main() {}
