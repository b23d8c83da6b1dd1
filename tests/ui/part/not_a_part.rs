//! The type of a part has no `#[part]` impl.
use conclib::prelude::*;

struct Playback;

#[actor]
struct Player(Playback);

#[actor]
impl Player {
    #[part]
    fn playback(&mut self) -> &mut Playback {
        &mut self.0
    }

    #[message]
    fn track(&self) -> u32 {
        3
    }
}

fn main() {}
