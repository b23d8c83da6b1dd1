use conclib::prelude::*;

struct Words(Vec<String>);

#[message(reply = Words)]
struct Split {
    text: String,
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", Split { text: "a b".into() }).await?;
    Ok(())
}

fn main() {}
