//! Every message has exactly one fate, whatever happens: it is handled, or its
//! sender has it back, or it is a dead letter. Every ask ends, and what is
//! counted agrees.
//!
//! Same property as in `fate.rs`, on one thread and a paused clock, so that a
//! failure can be repeated and is made small. `PROPTEST_CASES=20000 cargo test
//! --test fate_property` tries more cases.

mod steps;
mod track;

use std::collections::HashMap;
use std::env;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use conclib::prelude::*;
use conclib::{Backoff, Restart};
use proptest::prelude::{ProptestConfig, proptest};
use steps::{Deed, How, Spawn, Step, steps};
use support::{NoGood, alive, poll_once, until};
use tokio::runtime;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{sleep, timeout};
use track::{Answer, Said, Track, fate};

const SLOTS: usize = 4;
const MS: Duration = Duration::from_millis(1);

/// State that one run shares.
struct World {
    system: System,
    tracks: Mutex<Vec<Arc<Track>>>,
    slots: Mutex<[Option<ActorRef<Subject>>; SLOTS]>,
}

impl World {
    fn subject(&self, at: usize) -> Option<ActorRef<Subject>> {
        self.slots.lock().unwrap()[at].clone()
    }

    fn mark(self: &Arc<Self>) -> Mark {
        let mut tracks = self.tracks.lock().unwrap();
        let track = Arc::new(Track::default());
        tracks.push(track.clone());
        Mark {
            id: u64::try_from(tracks.len()).unwrap(),
            track,
            world: self.clone(),
        }
    }
}

/// Marker inside a message: records the fate of the message.
struct Mark {
    id: u64,
    track: Arc<Track>,
    world: Arc<World>,
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.track.dropped.fetch_add(1, SeqCst);
    }
}

/// Records the result that a sender got, or on drop that it gave up.
struct Sender(Arc<Track>, How);

impl Sender {
    fn told(&self, said: Said) {
        let before = self.0.said.lock().unwrap().replace(said);
        assert_eq!(before, None, "its sender was told twice");
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut said = self.0.said.lock().unwrap();
        said.get_or_insert_with(|| match self.1 {
            How::Ask | How::AskFor(_) => Said::GaveUpAsking,
            _ => Said::GaveUp {
                was_queued: self.0.queued.load(SeqCst),
            },
        });
    }
}

#[actor]
struct Subject {
    turns: Arc<AtomicU64>,
}

#[actor]
impl Subject {
    #[message(local)]
    async fn act(
        &mut self,
        mark: Mark,
        deed: Deed,
        ctx: &mut Context<Self>,
    ) -> Result<u64, NoGood> {
        mark.track.began.fetch_add(1, SeqCst);
        self.turns.fetch_add(1, SeqCst);
        match deed {
            Deed::Nothing | Deed::Fail => {}
            Deed::Yield(times) => {
                for _ in 0..times {
                    yield_now().await;
                }
            }
            Deed::Sleep(ms) => sleep(ms * MS).await,
            Deed::Panic => panic!("as it was told"),
            Deed::Stop => ctx.stop(),
            Deed::StopNow => ctx.stop_now(),
            Deed::TellMyself => {
                let own = mark.world.mark();
                let sender = Sender(own.track.clone(), How::TryTell);
                send(&ctx.me(), own, sender, Deed::Yield(1)).await;
            }
            Deed::AskOther(at) => {
                if let Some(other) = mark.world.subject(at) {
                    let own = mark.world.mark();
                    let sender = Sender(own.track.clone(), How::Ask);
                    send(&other, own, sender, Deed::Yield(1)).await;
                }
            }
        }
        mark.track.finished.fetch_add(1, SeqCst);
        match deed {
            Deed::Fail => Err(NoGood(mark.id.to_string())),
            _ => Ok(mark.id),
        }
    }
}

/// Sends a message in the given way, and records the result.
async fn send(subject: &ActorRef<Subject>, mark: Mark, sender: Sender, deed: Deed) {
    let (id, how) = (mark.id, sender.1);
    let call = subject.act(mark, deed);
    let queued = |told: Result<(), TellError<SubjectAct>>| match told {
        Ok(()) => Said::Queued,
        Err(error) => {
            let back = error.into_message().mark;
            assert_eq!(back.id, id, "another's message came back");
            Said::NotQueued
        }
    };
    let said = match how {
        How::TryTell => queued(call.try_tell()),
        How::Tell => queued(call.tell().await),
        How::Forget => queued(call.reply().await.map(drop)),
        How::Reply => match call.reply().await {
            Ok(reply) => {
                sender.0.queued.store(true, SeqCst);
                Said::Answer(Answer::of(&reply.await, id))
            }
            Err(error) => queued(Err(error)),
        },
        How::Ask => Said::Ask(Answer::of(&call.await, id)),
        How::AskFor(ms) => Said::Ask(Answer::of(&call.timeout(ms * MS).await, id)),
    };
    sender.told(said);
}

/// Single actor, over all its restarts.
struct Born {
    urn: Urn,
    turns: Arc<AtomicU64>,
    made: Arc<AtomicU32>,
}

fn spawn(world: &World, at: usize, spawn: Spawn, born: &mut Vec<Born>) {
    let (turns, made) = (Arc::<AtomicU64>::default(), Arc::<AtomicU32>::default());
    let (own_turns, own_made) = (turns.clone(), made.clone());
    let mut builder = world.system.actor_with(move || {
        own_made.fetch_add(1, SeqCst);
        Subject {
            turns: own_turns.clone(),
        }
    });
    if spawn.is_named {
        builder = builder.urn(format!("subject-{}", born.len()));
    }
    if let Some(ms) = spawn.restart {
        let backoff = match ms {
            0 => Backoff::none(),
            ms => Backoff::from(ms * MS),
        };
        let policy = Restart::on_failure().max(2, 20 * MS).backoff(backoff);
        builder = builder.restart(policy);
    }
    let builder = builder.mailbox(spawn.capacity).overflow(spawn.overflow);
    let subject = builder.spawn().unwrap();
    let urn = subject.urn();
    born.push(Born { urn, turns, made });
    // The previous reference is dropped outside of the lock.
    let former = world.slots.lock().unwrap()[at].replace(subject);
    drop(former);
}

async fn run(steps: Vec<Step>) {
    let base = alive();
    let world = Arc::new(World {
        system: System::new("fate"),
        tracks: Mutex::default(),
        slots: Mutex::default(),
    });
    let mut events = world.system.events();
    let mut seen = Vec::new();
    let mut born = Vec::new();
    let mut senders: Vec<JoinHandle<()>> = Vec::new();
    for step in steps {
        match step {
            Step::Spawn(at, how) => spawn(&world, at, how, &mut born),
            Step::Send(at, how, deed) => {
                if let Some(subject) = world.subject(at) {
                    let mark = world.mark();
                    let sender = Sender(mark.track.clone(), how);
                    senders.push(tokio::spawn(async move {
                        send(&subject, mark, sender, deed).await;
                    }));
                }
            }
            Step::Stop(at) => drop(world.subject(at).map(|subject| subject.stop())),
            Step::StopNow(at) => drop(world.subject(at).map(|subject| subject.stop_now())),
            Step::Kill(at) => drop(world.subject(at).map(|subject| subject.kill())),
            Step::Drop(at) => {
                let former = world.slots.lock().unwrap()[at].take();
                drop(former);
            }
            Step::GiveUp(last) => {
                if let Some(at) = senders.len().checked_sub(last + 1) {
                    senders[at].abort();
                }
            }
            Step::Yield => yield_now().await,
            Step::Wait(ms) => sleep(ms * MS).await,
        }
        drain(&mut events, &mut seen);
    }
    for sender in senders {
        // Every ask ends: the clock is paused, so that an hour passes only if nothing else happens.
        match timeout(Duration::from_secs(3600), sender).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => assert!(error.is_cancelled(), "a sender found fault: {error}"),
            Err(_) => panic!("a sender waits for ever:\n{}", world.system.dump()),
        }
    }
    // All work is done by then, and no more stops follow.
    sleep(Duration::from_secs(60)).await;
    idle_counts_agree(&world.system, &born);

    let former = std::mem::take(&mut *world.slots.lock().unwrap());
    drop(former);
    let report = world.system.shutdown().await;
    assert!(report.is_clean(), "{report}");
    until(|| alive() == base).await;
    drain(&mut events, &mut seen);

    let (mut sure, mut possible) = (0, 0);
    for (id, track) in world.tracks.lock().unwrap().iter().enumerate() {
        let (is_dead, may_be_dead) = fate(id + 1, track);
        sure += u64::from(is_dead);
        possible += u64::from(may_be_dead);
    }
    let told = world.system.snapshot().dead_letters;
    assert!(
        (sure..=possible).contains(&told),
        "{told} dead letters, and {sure} to {possible} there should be"
    );
    events_agree(&seen, &born, told);
}

/// Takes the events that have come.
fn drain(events: &mut conclib::event::Events, seen: &mut Vec<Event>) {
    while let Poll::Ready(Some(event)) = poll_once(&mut pin!(events.next())) {
        assert!(!matches!(event, Event::Lagged(_)), "{event:?}");
        seen.push(event);
    }
}

/// In live actors nothing waits, and every turn was counted.
fn idle_counts_agree(system: &System, born: &[Born]) {
    for actor in system.snapshot().actors {
        let own = born.iter().find(|own| own.urn == actor.urn).unwrap();
        assert_eq!(actor.state, State::Running, "{actor:?}");
        assert_eq!(actor.depth, 0, "{actor:?}");
        assert!(actor.waiting_for.is_empty(), "{actor:?}");
        assert_eq!(actor.handled, own.turns.load(SeqCst), "{actor:?}");
        assert_eq!(actor.generation, own.made.load(SeqCst), "{actor:?}");
    }
}

/// Each actor ends once, every restart has an event, and so has every dead
/// letter.
fn events_agree(seen: &[Event], born: &[Born], dead_letters: u64) {
    let mut letters = 0;
    let mut stopped = HashMap::<&Urn, u32>::new();
    let mut restarted = HashMap::<&Urn, u32>::new();
    for event in seen {
        match event {
            Event::DeadLetter(letter) => {
                assert_eq!(letter.message, "act");
                letters += 1;
            }
            Event::Stopped { urn, .. } => *stopped.entry(urn).or_default() += 1,
            Event::Restarted {
                urn, generation, ..
            } => {
                let times = restarted.entry(urn).or_default();
                *times += 1;
                assert_eq!(*generation, *times + 1, "{urn} in {seen:?}");
            }
            _ => {}
        }
    }
    assert_eq!(letters, dead_letters, "{seen:?}");
    for Born { urn, made, .. } in born {
        assert_eq!(stopped.get(urn), Some(&1), "{urn} in {seen:?}");
        let restarts = restarted.get(urn).copied().unwrap_or_default();
        assert!(restarts <= made.load(SeqCst), "{urn} in {seen:?}");
    }
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 200;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[support::test]
    fn whatever_is_done_every_message_has_one_fate(steps in steps()) {
        let mut builder = runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(run(steps));
    }
}
