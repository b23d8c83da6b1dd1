//! A part runs in the turns of its actor, whose task needs `Send`.
use conclib::prelude::*;
use std::rc::Rc;

struct Playback;

#[part]
impl Playback {
    #[message]
    async fn play(&mut self) -> u8 {
        let track = Rc::new(3);
        std::future::ready(()).await;
        *track
    }
}

#[actor]
struct Player(Playback);

#[actor]
impl Player {
    #[part]
    fn playback(&mut self) -> &mut Playback {
        &mut self.0
    }
}

fn main() {}
