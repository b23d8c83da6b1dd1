//! A field that can be read can be read from outside.
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
