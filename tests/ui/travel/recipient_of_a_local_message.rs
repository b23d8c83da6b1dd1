use conclib::prelude::*;

#[message(local)]
struct Watch(std::sync::mpsc::Sender<u64>);

#[message]
struct Subscribe {
    watcher: Recipient<Watch>,
}

async fn send(client: &ProxyClient, watcher: Recipient<Watch>) -> conclib::Result {
    client.ask("counter", Subscribe { watcher }).await?;
    Ok(())
}

fn main() {}
