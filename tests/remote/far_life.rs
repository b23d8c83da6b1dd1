//! Far references and the life of their actors: stop, kill, stopped, started,
//! state and watch over one link.

use conclib::prelude::*;
use conclib::spi::Control;
use support::until;

use crate::far_pair::{Way, on_every_way, pair};
use crate::far_references::{Publisher, PublisherCalls, Reader, ReaderCalls};
use crate::memory::connect_inlets;

on_every_way! {
    a_held_far_actor_is_stopped_and_killed,
    a_signal_is_given_without_waiting_for_the_end,
    a_name_alone_permits_no_end,
    a_start_that_fails_far_away_is_reported,
    a_watch_tells_of_the_end_of_a_far_actor,
    a_watch_keeps_no_far_actor_alive,
    nothing_is_left_of_a_watch_that_was_given_up,
    a_lost_link_ends_every_wait,
}

/// Watches readers.
#[actor]
#[derive(Default)]
pub struct Nurse {
    gone: Vec<String>,
}

#[actor]
impl Nurse {
    #[message]
    fn watch(&mut self, reader: ActorRef<Reader>, ctx: &mut Context<Self>) {
        ctx.watch(&reader);
    }

    #[message]
    fn unwatch(&mut self, reader: ActorRef<Reader>, ctx: &mut Context<Self>) {
        ctx.unwatch(&reader);
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        self.gone.push(gone.reason.to_string());
    }

    #[message]
    fn gone_so_far(&mut self) -> Vec<String> {
        self.gone.clone()
    }
}

async fn told(nurse: &ActorRef<Nurse>, count: usize) -> conclib::Result<Vec<String>> {
    loop {
        let gone = nurse.gone_so_far().await?;
        if gone.len() >= count {
            return Ok(gone);
        }
        tokio::task::yield_now().await;
    }
}

async fn a_held_far_actor_is_stopped_and_killed(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let end = |reader: &ActorRef<Reader>, reason: &StopReason| match reason {
        StopReason::Stopped => reader.stop(),
        StopReason::StoppedNow => reader.stop_now(),
        _ => reader.kill(),
    };
    let reasons = [
        StopReason::Stopped,
        StopReason::StoppedNow,
        StopReason::Killed,
    ];
    for reason in reasons {
        let reader = at.far.hire().await?.unwrap();
        reader.started().await?;
        assert_eq!(reader.current_state().await?, State::Running);
        assert_eq!(end(&reader, &reason).await, reason);
        // The reason stays known for as long as the reference is held.
        assert_eq!(end(&reader, &reason).await, reason);
        assert_eq!(reader.stopped().await, Some(reason));
        assert_eq!(reader.current_state().await?, State::Stopped);
    }
    assert_eq!(at.pending(), 0);
    Ok(())
}

async fn a_signal_is_given_without_waiting_for_the_end(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.far.hire().await?.unwrap();
    let copy = reader.clone();
    let stopped = tokio::spawn(async move { copy.stopped().await });
    drop(reader.stop());
    assert_eq!(stopped.await?, Some(StopReason::Stopped));
    Ok(())
}

async fn a_name_alone_permits_no_end(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    for end in [at.far.stop(), at.far.stop_now(), at.far.kill()] {
        assert_eq!(end.await, StopReason::OutOfReach);
    }
    assert_eq!(at.far.current_state().await?, State::Running);
    // The reference in a reply permits it; a weak one does not.
    let me = at.far.me().await?;
    assert_eq!(
        me.downgrade().upgrade().unwrap().stop().await,
        StopReason::OutOfReach,
        "the lease is held, and the weak reference has no part in it"
    );
    assert_eq!(me.stop().await, StopReason::Stopped);
    Ok(())
}

#[support::test]
async fn an_inlet_may_permit_every_end() -> conclib::Result {
    let (home, away) = (System::new("home"), System::new("away"));
    away.spawn(Publisher::default())?;
    let open = away.inlet().with_control(Control::Any);
    let (end, _far_end) = connect_inlets((home.inlet(), home.node()), (open, away.node()));
    let far: ActorRef<Publisher> = end.actor("publisher");
    assert_eq!(far.stop().await, StopReason::Stopped);
    // Only its name was known.
    assert_eq!(far.stop().await, StopReason::NoSuchActor);
    assert_eq!(far.stopped().await, Some(StopReason::NoSuchActor));
    Ok(())
}

#[actor]
pub struct Unable;

#[actor]
impl Unable {
    #[on(start)]
    fn start(&mut self) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("no"))
    }
}

/// Hands out an actor whose start fails.
#[actor(urn = "giver")]
pub struct Giver;

#[actor]
impl Giver {
    #[message]
    fn give(&mut self, ctx: &mut Context<Self>) -> Option<ActorRef<Unable>> {
        ctx.system().spawn(Unable).ok()
    }
}

async fn a_start_that_fails_far_away_is_reported(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    at.away.spawn(Giver)?;
    let giver: ActorRef<Giver> = at.actor("giver");
    giver.started().await?;
    let unable = giver.give().await?.unwrap();
    let error = unable.started().await.unwrap_err();
    assert!(error.to_string().contains("failed to start: no"), "{error}");
    Ok(())
}

async fn a_watch_tells_of_the_end_of_a_far_actor(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let nurse = at.home.spawn(Nurse::default())?;
    let reader = at.far.hire().await?.unwrap();
    // Twice is once.
    nurse.watch(reader.clone()).await?;
    nurse.watch(reader.clone()).await?;
    assert!(reader.explode().await.is_err());
    assert_eq!(told(&nurse, 1).await?, ["panicked: boom"]);
    // An end that was before is told, too.
    nurse.watch(reader.clone()).await?;
    assert_eq!(told(&nurse, 2).await?.len(), 2);
    assert_eq!(at.pending(), 0);
    Ok(())
}

async fn a_watch_keeps_no_far_actor_alive(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let nurse = at.home.spawn(Nurse::default())?;
    nurse.watch(at.far.hire().await?.unwrap()).await?;
    assert_eq!(told(&nurse, 1).await?, ["its last reference is gone"]);
    Ok(())
}

async fn nothing_is_left_of_a_watch_that_was_given_up(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.far.hire().await?.unwrap();
    let nurse = at.home.spawn(Nurse::default())?;
    nurse.watch(reader.clone()).await?;
    until(|| at.pending() == 1).await;
    nurse.unwatch(reader.clone()).await?;
    until(|| at.pending() == 0).await;

    nurse.watch(reader.clone()).await?;
    until(|| at.pending() == 1).await;
    nurse.stop().await;
    until(|| at.pending() == 0).await;

    // The same of a wait for the end.
    let copy = reader.clone();
    let waits = tokio::spawn(async move { copy.stopped().await });
    until(|| at.pending() == 1).await;
    waits.abort();
    until(|| at.pending() == 0).await;
    assert_eq!(reader.current_state().await?, State::Running);
    Ok(())
}

async fn a_lost_link_ends_every_wait(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let nurse = at.home.spawn(Nurse::default())?;
    let reader = at.far.hire().await?.unwrap();
    nurse.watch(reader.clone()).await?;
    let copy = reader.clone();
    let stopped = tokio::spawn(async move { copy.stopped().await });
    until(|| at.pending() == 2).await;
    at.cut().await;
    assert_eq!(stopped.await?, Some(StopReason::Unreachable));
    assert_eq!(told(&nurse, 1).await?, ["its process cannot be reached"]);
    assert_eq!(reader.stop().await, StopReason::Unreachable);
    assert!(reader.started().await.is_err());
    assert!(reader.current_state().await.is_err());
    Ok(())
}
