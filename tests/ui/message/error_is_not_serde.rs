use std::fmt;

use conclib::prelude::*;

#[derive(Debug)]
struct NoWords;

impl fmt::Display for NoWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no words")
    }
}

impl std::error::Error for NoWords {}

#[message(reply = u64, error = NoWords)]
struct Count {
    text: String,
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", Count { text: "a b".into() }).await?;
    Ok(())
}

fn main() {}
