use conclib::prelude::*;

struct Opaque;

#[actor]
struct Slot<T>(Option<T>);

#[actor]
impl<T> Slot<T> {
    #[message(local)]
    fn put(&mut self, value: T) {
        self.0 = Some(value);
    }
}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.tell("slot", SlotPut { value: Opaque }).await?;
    Ok(())
}

#[conclib::main]
async fn main() -> conclib::Result {
    let slot = System::new("ui").spawn(Slot::<Opaque>(None))?;
    slot.put(Opaque).await?;
    send(&ProxyClient::connect("unix:///run/slot.sock").await?).await
}
