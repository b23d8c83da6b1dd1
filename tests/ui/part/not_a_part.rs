//! What is inside has no messages of its own.
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
