//! Asks made while answering an ask inherit its deadline, and a request that no
//! asker waits for is not handled.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{At, ScribeCalls, hold, scribe};
use tokio::time::Instant;

const MS: Duration = Duration::from_millis(1);

support::on_every_place! {
    a_request_whose_asker_has_left_is_skipped_and_counted,
    a_request_whose_deadline_has_passed_is_skipped,
}

/// Notes the timeout of the ask that it makes.
#[actor]
struct Front {
    back: ActorRef<Back>,
    given: Arc<Mutex<Vec<Option<Duration>>>>,
}

#[actor]
struct Back;

#[actor]
impl Back {
    #[message]
    async fn never(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[actor]
impl Front {
    /// Asks with a timeout of its own, if it is given one.
    #[message]
    async fn nest(&mut self, own: Option<Duration>) {
        let begun = Instant::now();
        let call = self.back.never();
        let answer = match own {
            Some(own) => call.timeout(own).await,
            None => call.await,
        };
        assert!(
            matches!(answer, Err(AskError::Deadline { .. })),
            "{answer:?}"
        );
        self.given.lock().unwrap().push(Some(begun.elapsed()));
    }

    #[message]
    async fn reply(&mut self) {
        let begun = Instant::now();
        let reply = self.back.never().reply().await.unwrap();
        assert!(matches!(reply.await, Err(AskError::Deadline { .. })));
        self.given.lock().unwrap().push(Some(begun.elapsed()));
    }

    #[message(concurrent)]
    fn beside(&self) -> impl Future<Output = ()> {
        let (back, given) = (self.back.clone(), self.given.clone());
        async move {
            let begun = Instant::now();
            assert!(matches!(back.never().await, Err(AskError::Deadline { .. })));
            given.lock().unwrap().push(Some(begun.elapsed()));
        }
    }

    #[message]
    async fn done(&mut self) {}
}

struct Rig {
    front: ActorRef<Front>,
    given: Arc<Mutex<Vec<Option<Duration>>>>,
    _system: System,
}

impl Rig {
    fn new() -> Self {
        let system = System::new("test");
        let back = system.spawn(Back).unwrap();
        let given = Arc::default();
        let front = Front {
            back,
            given: Arc::clone(&given),
        };
        Self {
            front: system.spawn(front).unwrap(),
            given,
            _system: system,
        }
    }

    /// Duration of the nested ask, once its turn is over.
    async fn nested(&self) -> Duration {
        self.front.done().await.unwrap();
        let given = self.given.lock().unwrap().pop().unwrap().unwrap();
        // Inherited deadlines are counted in milliseconds.
        Duration::from_millis(u64::try_from(given.as_millis()).unwrap())
    }
}

#[support::test(start_paused = true)]
async fn a_nested_ask_has_what_is_left() {
    let rig = Rig::new();
    let answer = rig.front.nest(None).timeout(300 * MS).await;
    assert!(
        matches!(answer, Err(AskError::Deadline { .. })),
        "{answer:?}"
    );
    assert!((300 * MS..=301 * MS).contains(&rig.nested().await));
    // A shorter own timeout counts, a longer one does not.
    rig.front
        .nest(Some(100 * MS))
        .timeout(300 * MS)
        .await
        .unwrap();
    assert_eq!(rig.nested().await, 100 * MS);
    rig.front
        .nest(Some(5000 * MS))
        .timeout(300 * MS)
        .await
        .unwrap_err();
    assert!((300 * MS..=301 * MS).contains(&rig.nested().await));
    // Holds for a reply to pick up and for a concurrent handler, too.
    rig.front.reply().timeout(300 * MS).await.unwrap_err();
    assert!((300 * MS..=301 * MS).contains(&rig.nested().await));
    rig.front.beside().timeout(300 * MS).await.unwrap_err();
    tokio::time::sleep(2 * MS).await;
    assert!((300 * MS..=301 * MS).contains(&rig.nested().await));
}

#[support::test(start_paused = true)]
async fn the_time_in_the_queue_counts() {
    let rig = Rig::new();
    let first = rig.front.nest(Some(200 * MS)).reply().await.unwrap();
    let second = rig
        .front
        .nest(None)
        .timeout(300 * MS)
        .reply()
        .await
        .unwrap();
    first.await.unwrap();
    assert_eq!(
        rig.given
            .lock()
            .unwrap()
            .pop()
            .unwrap()
            .unwrap()
            .as_millis(),
        200
    );
    second.await.unwrap_err();
    let left = rig.nested().await;
    assert!((100 * MS..=101 * MS).contains(&left), "{left:?}");
}

#[support::test(start_paused = true)]
async fn what_is_told_inherits_nothing() {
    let rig = Rig::new();
    // A turn without a deadline, after a turn that had one.
    rig.front
        .nest(Some(10 * MS))
        .timeout(20 * MS)
        .await
        .unwrap();
    assert_eq!(rig.nested().await, 10 * MS);
    rig.front.nest(Some(700 * MS)).tell().await.unwrap();
    assert_eq!(rig.nested().await, 700 * MS);
}

async fn a_request_whose_asker_has_left_is_skipped_and_counted(place: Place) {
    let system = System::new("test");
    let mut events = system.events();
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let keeper = hold(&scribe).await;
    drop(scribe.note(1).reply().await.unwrap());
    let wanted = scribe.note(2).reply().await.unwrap();
    scribe.note(3).tell().await.unwrap();
    keeper.open();
    wanted.await.unwrap();
    scribe.stop().await;
    let lines = ["start", "held", "2", "3", "stop: stopped", "drop"];
    assert_eq!(log.lines(), lines, "the first has no turn");
    assert_eq!(system.snapshot().dead_letters, 1);
    let letter = support::next_dead_letter(&mut events).await;
    assert_eq!(
        (letter.message, letter.cause),
        ("note", DeadLetterCause::AskerLeft)
    );
}

async fn a_request_whose_deadline_has_passed_is_skipped(place: Place) {
    let system = System::new("test");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let keeper = hold(&scribe).await;
    let late = scribe.note(1).timeout(100 * MS).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    keeper.open();
    scribe.note(2).await.unwrap();
    assert_eq!(log.lines(), ["start", "held", "2"], "the first has no turn");
    assert_eq!(system.snapshot().dead_letters, 1);
}

/// Request for nested asks, and the time they took.
#[message(reply = u128)]
struct Dig {
    n: u64,
}

#[actor]
struct Digger {
    back: ActorRef<Back>,
    log: support::Log,
}

#[actor]
impl Digger {
    #[handler]
    async fn dig(&mut self, Dig { n }: Dig) -> u128 {
        self.log.add(format!("dig {n}"));
        let begun = Instant::now();
        let answer = self.back.never().timeout(5000 * MS).await;
        assert!(matches!(answer, Err(AskError::Deadline { .. })));
        self.log.add(begun.elapsed().as_millis().to_string());
        0
    }

    #[message]
    async fn done(&mut self) {}
}

/// Forwards a request, or stashes it until it is open.
#[actor]
struct Desk {
    digger: ActorRef<Digger>,
    is_open: bool,
}

#[actor]
impl Desk {
    #[handler]
    async fn dig(&mut self, dig: Dig, ctx: &mut Context<Self>) -> Deferred<u128> {
        match self.is_open {
            true => ctx.forward(&self.digger, dig).await,
            false => ctx.stash(dig),
        }
    }

    #[message]
    fn open(&mut self, ctx: &mut Context<Self>) {
        self.is_open = true;
        ctx.unstash();
    }
}

fn desk(system: &System, is_open: bool) -> (ActorRef<Desk>, ActorRef<Digger>, support::Log) {
    let back = system.spawn(Back).unwrap();
    let log = support::Log::default();
    let digger = Digger {
        back,
        log: log.clone(),
    };
    let digger = system.spawn(digger).unwrap();
    let desk = Desk {
        digger: digger.clone(),
        is_open,
    };
    (system.spawn(desk).unwrap(), digger, log)
}

#[support::test(start_paused = true)]
async fn what_is_passed_on_has_what_is_left() {
    let system = System::new("test");
    let (desk, digger, log) = desk(&system, true);
    let late = desk.ask(Dig { n: 1 }).timeout(100 * MS).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    digger.done().await.unwrap();
    let lines = log.lines();
    assert_eq!(lines[0], "dig 1");
    assert!(
        (100..=101).contains(&lines[1].parse().unwrap()),
        "{lines:?}"
    );
}

#[support::test(start_paused = true)]
async fn what_was_put_aside_has_what_is_left() {
    let system = System::new("test");
    let (desk, digger, log) = desk(&system, false);
    let late = desk.ask(Dig { n: 1 }).timeout(100 * MS);
    let late = late.reply().await.unwrap();
    tokio::time::sleep(30 * MS).await;
    desk.open().await.unwrap();
    assert!(matches!(late.await, Err(AskError::Deadline { .. })));
    digger.done().await.unwrap();
    let lines = log.lines();
    assert_eq!(lines[0], "dig 1");
    assert!((70..=71).contains(&lines[1].parse().unwrap()), "{lines:?}");
}

#[support::test(start_paused = true)]
async fn what_is_passed_on_or_was_put_aside_is_skipped_once_its_asker_has_left() {
    let system = System::new("test");
    let mut events = system.events();
    let (desk, digger, log) = desk(&system, false);
    // Stashed, and without an asker when it is unstashed.
    let late = desk.ask(Dig { n: 1 }).timeout(10 * MS).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    desk.open().await.unwrap();
    // Forwarded, and without an asker when its turn comes.
    let busy = digger.ask(Dig { n: 2 }).timeout(50 * MS);
    let busy = busy.reply().await.unwrap();
    let late = desk.ask(Dig { n: 3 }).timeout(10 * MS).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    assert!(busy.await.is_err());
    digger.done().await.unwrap();
    assert_eq!(log.count("dig 1") + log.count("dig 3"), 0);
    for _ in 0..2 {
        let letter = support::next_dead_letter(&mut events).await;
        assert_eq!(letter.cause, DeadLetterCause::AskerLeft);
    }
}
