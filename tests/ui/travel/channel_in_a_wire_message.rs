use conclib::prelude::*;

use std::sync::mpsc::Sender;

#[message]
struct Watch {
    sender: Sender<u64>,
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("counter", Watch { sender: std::sync::mpsc::channel().0 }).await?;
    Ok(())
}

fn main() {}
