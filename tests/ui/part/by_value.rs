use conclib::prelude::*;

#[derive(Clone)]
struct Playback;

#[part]
impl Playback {
    #[message]
    fn play(&mut self) -> bool {
        true
    }
}

#[actor]
struct Player(Playback);

#[actor]
impl Player {
    #[part]
    fn playback(&mut self) -> Playback {
        self.0.clone()
    }
}

fn main() {}
