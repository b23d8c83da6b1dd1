//! Watching: an actor is told of the end of another that is no child of it.

use conclib::prelude::*;
use support::{Gate, Log, Scribe, ScribeCalls, gate, hold, scribe, until};

/// Watches whom it is told to.
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

    /// Takes back what it was not told yet.
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

fn watcher(system: &System) -> (ActorRef<Watcher>, Log) {
    let log = Log::default();
    let watcher = Watcher { log: log.clone() };
    (system.spawn(watcher).unwrap(), log)
}

fn watched(system: &System, urn: &str) -> ActorRef<Scribe> {
    system.actor(scribe().0).urn(urn).spawn().unwrap()
}

#[support::test]
async fn every_kind_of_end_is_told_once() {
    let system = System::new("test");
    let (watcher, log) = watcher(&system);
    for end in 0..5 {
        let other = watched(&system, "other");
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
        // Nothing is sent to it meanwhile.
        until(|| !log.lines().is_empty()).await;
        watcher.served().await.unwrap();
        assert_eq!(log.take(), [format!("other: {expected}")]);
    }
}

#[support::test]
async fn the_last_reference_and_the_end_of_the_system_are_ends_too() {
    let system = System::new("test");
    let (watcher, log) = watcher(&system);
    let other = system.spawn(scribe().0).unwrap();
    let urn = other.urn();
    watcher.watch(other.clone()).await.unwrap();
    drop(other);
    until(|| !log.lines().is_empty()).await;
    assert_eq!(log.take(), [format!("{urn}: its last reference is gone")]);

    let other = watched(&system, "other");
    watcher.watch(other.clone()).await.unwrap();
    assert!(system.shutdown().await.is_clean());
    assert_eq!(log.lines(), ["other: its system shut down"]);
}

#[support::test]
async fn who_has_ended_already_is_told_at_once() {
    let system = System::new("test");
    let (watcher, log) = watcher(&system);
    let other = watched(&system, "other");
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

#[support::test]
async fn watching_twice_is_told_once_and_unwatching_takes_it_back() {
    let system = System::new("test");
    let (watcher, log) = watcher(&system);
    let (one, two) = (watched(&system, "one"), watched(&system, "two"));
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

/// Is made anew when it fails.
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

/// Watches one from its start, and so again after a restart.
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

#[support::test]
async fn a_restart_is_no_end_on_either_side() {
    let system = System::new("test");
    let policy = Restart::on_failure().backoff(Backoff::none());
    let phoenix = system
        .actor_with(Phoenix::default)
        .restart(policy)
        .spawn()
        .unwrap();
    let log = Log::default();
    let (to, noted) = (phoenix.clone(), log.clone());
    let make = move || Devoted {
        to: to.clone(),
        log: noted.clone(),
    };
    let devoted = system.actor_with(make).restart(policy).spawn().unwrap();
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

#[support::test]
async fn a_watcher_that_is_gone_is_told_nothing_and_kept_by_nobody() {
    let base = support::alive();
    let system = System::new("test");
    let (watcher, log) = watcher(&system);
    let other = watched(&system, "other");
    watcher.watch(other.clone()).await.unwrap();
    watcher.watch_itself().await.unwrap();
    watcher.stop().await;
    other.stop().await;
    drop((watcher, other));
    until(|| support::alive() == base).await;
    assert!(log.lines().is_empty());
}

#[support::test]
async fn the_two_can_live_in_two_systems() {
    let (here, there) = (System::new("here"), System::new("there"));
    let (watcher, log) = watcher(&here);
    let (_second, second_log) = {
        let (second, log) = self::watcher(&there);
        let other = watched(&there, "other");
        watcher.watch(other.clone()).await.unwrap();
        second.watch(other).await.unwrap();
        (second, log)
    };
    drop(there.shutdown().await);
    until(|| !log.lines().is_empty()).await;
    assert_eq!(log.lines(), ["other: its system shut down"]);
    assert_eq!(second_log.lines(), ["other: its system shut down"]);
}

#[support::test]
async fn a_panic_in_the_hook_is_the_watchers() {
    let system = System::new("test");
    let (watcher, _log) = watcher(&system);
    let bomb = watched(&system, "bomb");
    watcher.watch(bomb.clone()).await.unwrap();
    bomb.stop().await;
    assert!(matches!(
        watcher.stopped().await,
        Some(StopReason::Panicked(_))
    ));
}

#[support::test]
async fn a_full_mailbox_does_not_keep_the_word_back() {
    let system = System::new("test");
    let log = Log::default();
    let watcher = Watcher { log: log.clone() };
    let watcher = system.actor(watcher).mailbox(2).spawn().unwrap();
    let other = watched(&system, "other");
    watcher.watch(other.clone()).await.unwrap();
    let (gate, mut keeper) = gate();
    watcher.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    watcher.note(1).try_tell().unwrap();
    watcher.note(2).try_tell().unwrap();
    let late = watcher.note(3).try_tell();
    assert!(matches!(late, Err(TellError::Full { .. })), "{late:?}");
    other.stop().await;
    // It is full until the turn is over, and then the word comes first.
    keeper.open();
    watcher.served().await.unwrap();
    assert_eq!(log.lines(), ["held", "other: stopped", "1", "2"]);
}
