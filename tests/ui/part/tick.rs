use conclib::prelude::*;

struct Playback;

#[part]
impl Playback {
    #[message(every = "1s")]
    fn tick(&mut self) {}
}

fn main() {}
