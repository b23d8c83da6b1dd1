use conclib::prelude::*;

#[part]
struct Playback;

fn main() {}
