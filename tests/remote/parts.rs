//! Values inside an actor whose methods are its messages.

use std::time::Duration;

use conclib::PartRef;
use conclib::prelude::*;
use playback::{Playback, PlaybackCalls as _, PlaybackPlay};
use support::NoGood;
use support::outside::{House, Road, on_every_road};

mod playback {
    use super::NoGood;
    use conclib::prelude::*;

    #[derive(Default)]
    pub struct Playback {
        pub track: Option<u32>,
    }

    #[part]
    impl Playback {
        /// Plays a track.
        #[message]
        pub fn play(&mut self, track: u32) -> bool {
            self.track.replace(track).is_none()
        }

        /// A method of a part may have the name of a method of the reference.
        #[message]
        pub fn stop(&mut self) -> Result<u32, NoGood> {
            self.track.take().ok_or_else(|| NoGood("silence".into()))
        }

        #[message]
        pub async fn twice(&self) -> Option<u32> {
            tokio::task::yield_now().await;
            self.doubled()
        }

        fn doubled(&self) -> Option<u32> {
            self.track.map(|track| 2 * track)
        }

        #[cfg(any())]
        #[message]
        pub fn never(&self) {}
    }
}

struct Volume(u8);

#[part]
impl Volume {
    #[message]
    fn set(&mut self, volume: u8) -> Result<u8, NoGood> {
        match volume {
            0..=10 => Ok(std::mem::replace(&mut self.0, volume)),
            _ => Err(NoGood("too loud".into())),
        }
    }
}

#[actor(urn = "player")]
struct Player {
    playback: Playback,
    volume: Option<Box<Volume>>,
}

#[actor]
impl Player {
    /// Returns the part that plays.
    #[part]
    fn playback(&mut self) -> &mut Playback {
        &mut self.playback
    }

    #[part]
    fn volume(&mut self) -> &mut Volume {
        self.volume.as_mut().unwrap()
    }

    #[message]
    fn track(&mut self) -> Option<u32> {
        self.playback().track
    }
}

/// Another actor with the same type of part, and with nothing else.
#[actor]
#[derive(Default)]
struct Jukebox<T: Clone + Default + Send + Sync + 'static> {
    deck: Playback,
    coins: T,
}

#[actor]
impl<T: Clone + Default + Send + Sync + 'static> Jukebox<T> {
    #[part]
    fn deck(&mut self) -> &mut Playback {
        drop(self.coins.clone());
        &mut self.deck
    }
}

fn player() -> Player {
    Player {
        playback: Playback::default(),
        volume: Some(Box::new(Volume(3))),
    }
}

#[support::test]
async fn its_methods_are_called_through_the_reference() -> conclib::Result {
    let system = System::new("parts");
    let player = system.spawn(player())?;
    assert!(player.playback().play(2).await?);
    let playback = player.playback();
    assert!(!playback.play(3).timeout(Duration::from_secs(60)).await?);
    assert_eq!(playback.twice().await?, Some(6));
    assert_eq!(player.track().await?, Some(3));
    assert_eq!(playback.stop().await?, 3);
    let silent = playback.stop().await.unwrap_err();
    assert_eq!(silent, AskError::Handler(NoGood("silence".into())));
    assert_eq!(player.volume().set(7).await?, 3);
    assert_eq!(PartRef::actor(&playback), &player);
    Ok(())
}

#[support::test]
async fn its_messages_are_the_actors() -> conclib::Result {
    let system = System::new("parts");
    let player = system.spawn(player())?;
    let jukebox = system.spawn(Jukebox::<u8>::default())?;
    player.playback().play(5).tell().await?;
    assert_eq!(player.track().await?, Some(5));
    let all = [player.recipient::<PlaybackPlay>(), jukebox.recipient()];
    for (recipient, first) in all.iter().zip([false, true]) {
        assert_eq!(recipient.ask(PlaybackPlay { track: 6 }).await?, first);
    }
    assert_eq!(system.recipients::<PlaybackPlay>().len(), 2);
    assert_eq!(jukebox.deck().twice().await?, Some(12));
    Ok(())
}

/// A panic in the method that returns a part is a panic of the turn, so the
/// asker is told.
#[support::test]
async fn a_panic_on_the_way_to_it_is_one_of_the_turn() -> conclib::Result {
    let system = System::new("parts");
    let volume = None;
    let player = system.spawn(Player { volume, ..player() })?;
    let panicked = player.volume().set(1).await.unwrap_err();
    assert!(
        matches!(&panicked, AskError::Panicked { .. }),
        "{panicked:?}"
    );
    assert!(panicked.to_string().contains("unwrap()"), "{panicked}");
    Ok(())
}

on_every_road! {
    a_part_is_reached_from_outside,
}

async fn a_part_is_reached_from_outside(road: Road) -> conclib::Result {
    let house = House::open(road).await?;
    house.system.spawn(player())?;
    let client = house.client().await?;
    let player = client.actor::<Player>("player")?;
    assert!(player.playback().play(4).await?);
    assert_eq!(player.playback().twice().await?, Some(8));
    let loud = player.volume().set(11).await.unwrap_err();
    assert_eq!(loud, AskError::Handler(NoGood("too loud".into())));
    assert_eq!(client.ask("player", Redeclared).await?, 4);
    let none = client.ask("player", Unmarked).await.unwrap_err();
    assert!(matches!(none, AskError::NoSuchMessage { .. }), "{none:?}");
    Ok(())
}

/// Declaration by a client without the crate of the part.
#[message(name = "Playback.stop", reply = u32, error = NoGood)]
struct Redeclared;

#[message(name = "Playback.doubled")]
struct Unmarked;
