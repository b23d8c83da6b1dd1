//! A field with `get` is readable from other processes, and needs serde.
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

fn main() {}
