//! Messages stashed until the actor is ready, and the hook for an idle actor.

use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, Log, NoGood, gate, next_dead_letter, until, work};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

support::on_every_place! {
    what_is_put_aside_comes_back_in_order_before_what_is_queued_and_answers_its_askers,
    an_answer_to_what_was_put_aside_may_be_an_error,
    as_many_can_be_put_aside_as_fit_in_the_mailbox,
    what_is_aside_outlives_a_restart,
    what_is_aside_is_answered_when_the_actor_ends,
    a_told_one_is_served_and_one_whose_asker_left_harms_nobody,
}

/// Request whose number comes back with the value.
#[message(reply = (u64, u64), error = NoGood)]
struct Read {
    n: u64,
}

#[actor(mailbox = 4)]
#[derive(Default)]
struct Store {
    value: Option<u64>,
    log: Log,
}

#[actor]
impl Store {
    #[handler]
    fn read(&mut self, read: Read, ctx: &mut Context<Self>) -> Deferred<(u64, u64), NoGood> {
        let Some(value) = self.value else {
            self.log.add(format!("aside {}", read.n));
            return ctx.stash(read);
        };
        self.log.add(format!("read {}", read.n));
        let (reply, deferred) = ctx.defer();
        match value {
            0 => reply.fail(NoGood("empty".to_owned())),
            _ => reply.send((read.n, value)),
        }
        deferred
    }

    #[message]
    fn fill(&mut self, value: u64, ctx: &mut Context<Self>) {
        self.value = Some(value);
        self.log.add("fill");
        ctx.unstash();
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(format!("note {n}"));
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }
}

fn store(place: Place) -> (System, ActorRef<Store>, Log) {
    let system = System::new("test");
    let log = Log::default();
    let noted = log.clone();
    let make = move || Store {
        value: None,
        log: noted.clone(),
    };
    let store = system
        .actor_with(make)
        .restart(Restart::on_failure().backoff(Backoff::none()))
        .at(place)
        .unwrap();
    (system, store, log)
}

async fn what_is_put_aside_comes_back_in_order_before_what_is_queued_and_answers_its_askers(
    place: Place,
) {
    let (_system, store, log) = store(place);
    let mut replies = Vec::new();
    for n in 1..=3 {
        replies.push(store.ask(Read { n }).reply().await.unwrap());
        store.note(0).await.unwrap();
    }
    let (gate, mut keeper) = gate();
    store.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    store.fill(7).tell().await.unwrap();
    store.note(1).tell().await.unwrap();
    let last = store.ask(Read { n: 4 }).reply().await.unwrap();
    log.take();
    keeper.open();
    for (reply, n) in replies.into_iter().zip(1..) {
        assert_eq!(reply.await.unwrap(), (n, 7));
    }
    assert_eq!(last.await.unwrap(), (4, 7));
    let expected = ["fill", "read 1", "read 2", "read 3", "note 1", "read 4"];
    assert_eq!(log.lines(), expected);
}

async fn an_answer_to_what_was_put_aside_may_be_an_error(place: Place) {
    let (_system, store, _log) = store(place);
    let reply = store.ask(Read { n: 1 }).reply().await.unwrap();
    store.fill(0).await.unwrap();
    assert!(matches!(reply.await, Err(AskError::Handler(NoGood(why))) if why == "empty"));
}

async fn as_many_can_be_put_aside_as_fit_in_the_mailbox(place: Place) {
    let (system, store, _log) = store(place);
    let mut events = system.events();
    let mut replies = Vec::new();
    for n in 1..=5 {
        replies.push(store.ask(Read { n }).reply().await.unwrap());
        store.note(0).await.unwrap();
    }
    let late = replies.pop().unwrap().await;
    assert!(
        matches!(late, Err(AskError::MailboxFull { .. })),
        "{late:?}"
    );
    let letter = next_dead_letter(&mut events).await;
    let expected = ("Read", DeadLetterCause::MailboxFull);
    assert_eq!((letter.message, letter.cause), expected);
    store.fill(7).await.unwrap();
    for reply in replies {
        reply.await.unwrap();
    }
}

async fn what_is_aside_outlives_a_restart(place: Place) {
    let (_system, store, log) = store(place);
    let reply = store.ask(Read { n: 1 }).reply().await.unwrap();
    store.note(0).await.unwrap();
    store.fail().await.unwrap_err();
    // The stashed request comes back to the new incarnation, which is not ready
    // either.
    store.note(0).await.unwrap();
    assert_eq!(log.count("aside 1"), 2);
    store.fill(7).await.unwrap();
    assert_eq!(reply.await.unwrap(), (1, 7));
    assert_eq!(store.generation(), Some(2));
}

async fn what_is_aside_is_answered_when_the_actor_ends(place: Place) {
    for end in [ActorRef::stop, ActorRef::stop_now, ActorRef::kill] {
        let (system, store, _log) = store(place);
        let mut events = system.events();
        let reply = store.ask(Read { n: 1 }).reply().await.unwrap();
        store.ask(Read { n: 2 }).tell().await.unwrap();
        store.note(0).await.unwrap();
        end(&store).await;
        assert!(matches!(
            reply.await,
            Err(AskError::Stopped {
                delivery: Delivery::NotDelivered,
                ..
            })
        ));
        for _ in 0..2 {
            let letter = next_dead_letter(&mut events).await;
            let expected = ("Read", DeadLetterCause::Stopped);
            assert_eq!((letter.message, letter.cause), expected);
        }
    }
}

async fn a_told_one_is_served_and_one_whose_asker_left_harms_nobody(place: Place) {
    let (_system, store, log) = store(place);
    store.ask(Read { n: 1 }).tell().await.unwrap();
    let left = store.ask(Read { n: 2 }).reply().await.unwrap();
    let stays = store.ask(Read { n: 3 }).reply().await.unwrap();
    store.note(0).await.unwrap();
    drop(left);
    store.fill(7).await.unwrap();
    assert_eq!(stays.await.unwrap(), (3, 7));
    store.note(1).await.unwrap();
    assert_eq!(log.count("read 1"), 1);
    assert_eq!(log.lines().last().unwrap(), "note 1");
}

/// Notes when it is idle.
#[actor]
#[derive(Default)]
struct Sleeper {
    log: Log,
    busy: bool,
}

#[actor]
impl Sleeper {
    #[message]
    async fn nap(&mut self, ms: u64) {
        self.busy = true;
        work(Duration::from_millis(ms)).await;
        self.busy = false;
    }

    #[message]
    fn tick_every(&mut self, ms: u64, ctx: &mut Context<Self>) {
        ctx.tick(Duration::from_millis(ms), || SleeperNap { ms: 0 });
    }

    #[message]
    fn panic_when_idle(&mut self) {
        self.log.add("panic");
    }

    #[on(idle = "100ms")]
    fn idle(&mut self) {
        assert!(!self.busy, "not while a turn runs");
        assert!(!self.log.has("panic"), "it panics");
        self.log.add("idle");
    }
}

fn sleeper() -> (System, ActorRef<Sleeper>, Log) {
    let system = System::new("test");
    let log = Log::default();
    let sleeper = Sleeper {
        log: log.clone(),
        ..Sleeper::default()
    };
    let sleeper = system.spawn(sleeper).unwrap();
    (system, sleeper, log)
}

#[support::test(start_paused = true)]
async fn an_actor_is_told_once_for_each_quiet_time() {
    let (_system, sleeper, log) = sleeper();
    sleep(99 * MS).await;
    assert!(log.lines().is_empty());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(log.lines(), ["idle"], "also before its first turn");
    sleeper.nap(0).await.unwrap();
    sleep(99 * MS).await;
    assert_eq!(log.lines().len(), 1);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(log.lines().len(), 2);
}

#[support::test(start_paused = true)]
async fn the_quiet_time_begins_when_the_last_turn_is_over() {
    let (_system, sleeper, log) = sleeper();
    // With shorter pauses the hook never runs.
    for _ in 0..10 {
        sleep(90 * MS).await;
        sleeper.nap(500).await.unwrap();
    }
    assert!(log.lines().is_empty());
    let begun = Instant::now();
    while !log.has("idle") {
        sleep(MS).await;
    }
    assert!((100 * MS..104 * MS).contains(&begun.elapsed()));
    // A tick is a turn too.
    log.take();
    sleeper.tick_every(50).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    assert!(log.lines().is_empty());
}

#[support::test(start_paused = true)]
async fn a_panic_in_the_idle_hook_is_the_actors() {
    let (_system, sleeper, _log) = sleeper();
    sleeper.panic_when_idle().await.unwrap();
    let reason = sleeper.stopped().await;
    assert!(matches!(reason, Some(StopReason::Panicked(_))));
}

#[support::test(start_paused = true)]
async fn an_idle_actor_can_end_itself() {
    #[actor]
    struct Brief;

    #[actor]
    impl Brief {
        #[message]
        fn serve(&mut self) {}

        #[on(idle = "1s")]
        fn idle(&mut self, ctx: &mut Context<Self>) {
            ctx.stop();
        }
    }
    let system = System::new("test");
    let begun = Instant::now();
    let brief = system.actor(Brief).urn("brief").spawn().unwrap();
    brief.serve().await.unwrap();
    assert_eq!(brief.stopped().await, Some(StopReason::Stopped));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    until(|| system.snapshot().actors.is_empty()).await;
}
