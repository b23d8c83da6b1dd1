//! Watching: an actor is notified of the end of another that is not its child.

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, Log, Scribe, ScribeCalls, gate, hold, scribe, until};

support::on_every_place! {
    every_kind_of_end_is_told_once,
    the_last_reference_and_the_end_of_the_system_are_ends_too,
    who_has_ended_already_is_told_at_once,
    watching_twice_is_told_once_and_unwatching_takes_it_back,
    a_restart_is_no_end_on_either_side,
    a_watcher_that_is_gone_is_told_nothing_and_kept_by_nobody,
    the_two_can_live_in_two_systems,
    a_panic_in_the_hook_is_the_watchers,
    a_full_mailbox_does_not_keep_the_word_back,
}

/// Watches the given actors.
#[actor]
#[derive(Default)]
struct Watcher {
    log: Log,
}

#[actor]
impl Watcher {
    #[message(local)]
    fn watch(&mut self, other: ActorRef<Scribe>, ctx: &mut Context<Self>) {
        ctx.watch(&other);
    }

    #[message(local)]
    fn watch_twice(&mut self, other: ActorRef<Scribe>, ctx: &mut Context<Self>) {
        ctx.watch(&other);
        ctx.watch(&other);
    }

    #[message(local)]
    fn unwatch(&mut self, other: ActorRef<Scribe>, ctx: &mut Context<Self>) {
        ctx.unwatch(&other);
    }

    /// Stops watching before the notice came.
    #[message(local)]
    fn watch_and_unwatch(&mut self, other: ActorRef<Scribe>, ctx: &mut Context<Self>) {
        ctx.watch(&other);
        ctx.unwatch(&other);
    }

    #[message]
    fn watch_itself(&mut self, ctx: &mut Context<Self>) {
        let me = ctx.me();
        ctx.watch(&me);
    }

    #[message]
    fn served(&mut self) {}

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        self.log.add("held");
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        assert_ne!(gone.urn.as_str(), "bomb", "it panics");
        self.log.add(format!("{}: {}", gone.urn, gone.reason));
    }
}

fn watcher(system: &System, place: Place) -> (ActorRef<Watcher>, Log) {
    let log = Log::default();
    let watcher = Watcher { log: log.clone() };
    (system.actor(watcher).at(place).unwrap(), log)
}

fn watched(system: &System, urn: &str, place: Place) -> ActorRef<Scribe> {
    system.actor(scribe().0).urn(urn).at(place).unwrap()
}

async fn every_kind_of_end_is_told_once(place: Place) {
    let system = System::new("test");
    let (watcher, log) = watcher(&system, place);
    for end in 0..5 {
        let other = watched(&system, "other", place);
        watcher.watch(other.clone()).await.unwrap();
        let expected = match end {
            0 => other.stop().await,
            1 => other.stop_now().await,
            2 => other.kill().await,
            3 => {
                other.explode("boom".into()).await.unwrap_err();
                other.stopped().await.unwrap()
            }
            _ => {
                let keeper = hold(&other).await;
                let killed = other.kill();
                drop(keeper);
                killed.await
            }
        };
        // No message is sent to it meanwhile.
        until(|| !log.lines().is_empty()).await;
        watcher.served().await.unwrap();
        assert_eq!(log.take(), [format!("other: {expected}")]);
    }
}

async fn the_last_reference_and_the_end_of_the_system_are_ends_too(place: Place) {
    let system = System::new("test");
    let (watcher, log) = watcher(&system, place);
    let other = system.actor(scribe().0).at(place).unwrap();
    let urn = other.urn();
    watcher.watch(other.clone()).await.unwrap();
    drop(other);
    until(|| !log.lines().is_empty()).await;
    assert_eq!(log.take(), [format!("{urn}: its last reference is gone")]);

    let other = watched(&system, "other", place);
    watcher.watch(other.clone()).await.unwrap();
    assert!(system.shutdown().await.is_clean());
    assert_eq!(log.lines(), ["other: its system shut down"]);
}

async fn who_has_ended_already_is_told_at_once(place: Place) {
    let system = System::new("test");
    let (watcher, log) = watcher(&system, place);
    let other = watched(&system, "other", place);
    other.stop().await;
    watcher.watch(other.clone()).await.unwrap();
    watcher.served().await.unwrap();
    assert_eq!(log.take(), ["other: stopped"]);
    watcher.watch_twice(other.clone()).await.unwrap();
    watcher.served().await.unwrap();
    assert_eq!(log.take(), ["other: stopped"], "twice is once");
    watcher.watch_and_unwatch(other).await.unwrap();
    watcher.served().await.unwrap();
    assert!(log.lines().is_empty());
}

async fn watching_twice_is_told_once_and_unwatching_takes_it_back(place: Place) {
    let system = System::new("test");
    let (watcher, log) = watcher(&system, place);
    let (one, two) = (
        watched(&system, "one", place),
        watched(&system, "two", place),
    );
    for other in [&one, &two] {
        watcher.watch(other.clone()).await.unwrap();
        watcher.watch(other.clone()).await.unwrap();
    }
    watcher.unwatch(two.clone()).await.unwrap();
    one.stop().await;
    two.stop().await;
    watcher.served().await.unwrap();
    assert_eq!(log.lines(), ["one: stopped"]);
}

/// Restarted when it fails.
#[actor]
#[derive(Default)]
struct Phoenix;

#[actor]
impl Phoenix {
    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[message]
    fn served(&mut self) {}
}

/// Watches an actor from its start, and so again after a restart.
#[actor]
struct Devoted {
    to: ActorRef<Phoenix>,
    log: Log,
}

#[actor]
impl Devoted {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) {
        ctx.watch(&self.to);
    }

    #[message]
    fn served(&mut self) {}

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        self.log.add(gone.reason.to_string());
    }
}

async fn a_restart_is_no_end_on_either_side(place: Place) {
    let system = System::new("test");
    let policy = Restart::on_failure().backoff(Backoff::none());
    let phoenix = system
        .actor_with(Phoenix::default)
        .restart(policy)
        .at(place)
        .unwrap();
    let log = Log::default();
    let (to, noted) = (phoenix.clone(), log.clone());
    let make = move || Devoted {
        to: to.clone(),
        log: noted.clone(),
    };
    let devoted = system.actor_with(make).restart(policy).at(place).unwrap();
    devoted.started().await.unwrap();
    phoenix.fail().await.unwrap_err();
    phoenix.served().await.unwrap();
    devoted.served().await.unwrap();
    assert!(log.lines().is_empty());
    devoted.fail().await.unwrap_err();
    devoted.served().await.unwrap();
    assert_eq!(
        (phoenix.generation(), devoted.generation()),
        (Some(2), Some(2))
    );
    phoenix.stop().await;
    devoted.served().await.unwrap();
    assert_eq!(log.lines(), ["stopped"]);
}

async fn a_watcher_that_is_gone_is_told_nothing_and_kept_by_nobody(place: Place) {
    let base = support::alive();
    let system = System::new("test");
    let (watcher, log) = watcher(&system, place);
    let other = watched(&system, "other", place);
    watcher.watch(other.clone()).await.unwrap();
    watcher.watch_itself().await.unwrap();
    watcher.stop().await;
    other.stop().await;
    drop((watcher, other));
    until(|| support::alive() == base).await;
    assert!(log.lines().is_empty());
}

async fn the_two_can_live_in_two_systems(place: Place) {
    let (here, there) = (System::new("here"), System::new("there"));
    let (watcher, log) = watcher(&here, place);
    let (_second, second_log) = {
        let (second, log) = self::watcher(&there, place);
        let other = watched(&there, "other", place);
        watcher.watch(other.clone()).await.unwrap();
        second.watch(other).await.unwrap();
        (second, log)
    };
    drop(there.shutdown().await);
    until(|| !log.lines().is_empty()).await;
    assert_eq!(log.lines(), ["other: its system shut down"]);
    assert_eq!(second_log.lines(), ["other: its system shut down"]);
}

async fn a_panic_in_the_hook_is_the_watchers(place: Place) {
    let system = System::new("test");
    let (watcher, _log) = watcher(&system, place);
    let bomb = watched(&system, "bomb", place);
    watcher.watch(bomb.clone()).await.unwrap();
    bomb.stop().await;
    assert!(matches!(
        watcher.stopped().await,
        Some(StopReason::Panicked(_))
    ));
}

async fn a_full_mailbox_does_not_keep_the_word_back(place: Place) {
    let system = System::new("test");
    let log = Log::default();
    let watcher = Watcher { log: log.clone() };
    let watcher = system.actor(watcher).mailbox(2).at(place).unwrap();
    let other = watched(&system, "other", place);
    watcher.watch(other.clone()).await.unwrap();
    let (gate, mut keeper) = gate();
    watcher.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    watcher.note(1).try_tell().unwrap();
    watcher.note(2).try_tell().unwrap();
    let late = watcher.note(3).try_tell();
    assert!(matches!(late, Err(TellError::Full { .. })), "{late:?}");
    other.stop().await;
    // The mailbox is full until the turn is over, and then the notice comes
    // first.
    keeper.open();
    watcher.served().await.unwrap();
    assert_eq!(log.lines(), ["held", "other: stopped", "1", "2"]);
}
