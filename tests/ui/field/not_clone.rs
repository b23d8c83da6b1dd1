//! Reading a field needs `Clone`.
use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Words(Vec<String>);

#[actor]
struct Speaker {
    #[field(get)]
    words: Words,
}

#[actor(protocols(SpeakerFields))]
impl Speaker {}

fn main() {}
