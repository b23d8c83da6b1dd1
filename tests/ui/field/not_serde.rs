//! A field with `get` is readable from other processes if its type is a serde type.
use conclib::prelude::*;

#[derive(Clone)]
pub struct Words(Vec<String>);

#[actor]
struct Speaker {
    #[field(get)]
    words: Words,
}

#[actor(protocols(SpeakerFields))]
impl Speaker {}

async fn send(client: &ProxyClient) -> conclib::Result {
    client.ask("speaker", SpeakerFieldsWords {}).await?;
    Ok(())
}

fn main() {}
