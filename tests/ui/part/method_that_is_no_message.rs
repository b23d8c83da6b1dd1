//! A plain method of a part cannot be called through a reference.
use conclib::prelude::*;

struct Playback;

#[part]
impl Playback {
    #[message]
    fn play(&mut self) -> bool {
        self.rewind();
        true
    }

    fn rewind(&mut self) {}
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

async fn use_it(player: ActorRef<Player>) -> conclib::Result {
    let _: bool = player.playback().play().await?;
    player.playback().rewind().await?;
    Ok(())
}

fn main() {}
