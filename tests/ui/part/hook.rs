use conclib::prelude::*;

struct Playback;

#[part]
impl Playback {
    #[on(start)]
    fn started(&mut self) {}
}

fn main() {}
