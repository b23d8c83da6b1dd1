//! Messages of one sender to one actor are handled in the order they were
//! sent, one at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use futures_util::stream;
use support::{At, Gate, Log, Scribe, ScribeCalls, hold, poll_once, scribe, work};
use tokio::task::{JoinSet, yield_now};

support::on_every_place! {
    waiting_senders_get_their_places_in_the_order_they_came,
    every_way_to_send_keeps_the_order_of_its_sender,
    what_an_actor_sends_to_itself_comes_after_what_is_queued,
    an_ask_that_is_dropped_before_it_has_a_place_is_not_sent;
    multi_thread:
    ten_thousand_tells_of_one_sender_arrive_in_order,
    each_of_many_senders_is_served_in_order_through_a_mailbox_that_is_always_full,
    the_state_needs_no_lock_and_no_reply_goes_to_another_asker,
}

/// Notes the messages of each sender, and the number of overlapping turns.
#[actor]
#[derive(Default)]
struct Orderly {
    seen: Vec<Vec<u64>>,
    inside: Arc<AtomicUsize>,
    most: usize,
}

#[actor]
impl Orderly {
    #[message]
    async fn put(&mut self, sender: usize, n: u64) {
        let now = 1 + self.inside.fetch_add(1, Ordering::SeqCst);
        self.most = self.most.max(now);
        if n.is_multiple_of(16) {
            yield_now().await;
        }
        if self.seen.len() <= sender {
            self.seen.resize(sender + 1, Vec::new());
        }
        self.seen[sender].push(n);
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    #[message(every = "1ms")]
    async fn tick(&mut self) {
        let now = 1 + self.inside.fetch_add(1, Ordering::SeqCst);
        self.most = self.most.max(now);
        yield_now().await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    #[message]
    fn seen(&mut self) -> (Vec<Vec<u64>>, usize) {
        (std::mem::take(&mut self.seen), self.most)
    }
}

async fn ten_thousand_tells_of_one_sender_arrive_in_order(place: Place) {
    let system = System::new("order");
    let orderly = system.actor(Orderly::default()).at(place).unwrap();
    for n in 0..10_000 {
        orderly.put(0, n).tell().await.unwrap();
    }
    let (seen, _) = orderly.seen().await.unwrap();
    assert!(seen[0].iter().copied().eq(0..10_000));
}

async fn each_of_many_senders_is_served_in_order_through_a_mailbox_that_is_always_full(
    place: Place,
) {
    let system = System::new("order");
    for capacity in [1, 2, 7] {
        let orderly = system
            .actor(Orderly::default())
            .mailbox(capacity)
            .at(place)
            .unwrap();
        let mut senders = JoinSet::new();
        for sender in 0..8 {
            let orderly = orderly.clone();
            senders.spawn(async move {
                for n in 0..500 {
                    orderly.put(sender, n).tell().await.unwrap();
                }
            });
        }
        senders.join_all().await;
        let (seen, most) = orderly.seen().await.unwrap();
        assert_eq!(seen.len(), 8);
        assert!(seen.iter().all(|seen| seen.iter().copied().eq(0..500)));
        assert_eq!(most, 1, "two turns overlapped");
    }
}

async fn waiting_senders_get_their_places_in_the_order_they_came(place: Place) {
    let system = System::new("order");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).at(place).unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let mut waiting = JoinSet::new();
    for n in 1..=20 {
        let mut told = scribe.note(n).owned().tell();
        assert!(poll_once(&mut told).is_pending());
        waiting.spawn(told);
    }
    keeper.open();
    while let Some(told) = waiting.join_next().await {
        told.unwrap().unwrap();
    }
    scribe.stop().await;
    let notes: Vec<_> = (0..=20).map(|n| n.to_string()).collect();
    assert_eq!(log.lines()[2..23], notes);
}

async fn every_way_to_send_keeps_the_order_of_its_sender(place: Place) {
    let system = System::new("order");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(64).at(place).unwrap();
    let mut replies = Vec::new();
    for n in (0..40).step_by(4) {
        scribe.note(n).tell().await.unwrap();
        scribe.note(n + 1).try_tell().unwrap();
        replies.push(scribe.note(n + 2).reply().await.unwrap());
        scribe.note(n + 3).await.unwrap();
    }
    for reply in replies {
        reply.await.unwrap();
    }
    let notes: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    assert_eq!(log.lines()[1..], notes);
}

/// Sends to itself.
#[actor]
#[derive(Default)]
struct Selfish {
    order: Vec<u64>,
}

#[actor]
impl Selfish {
    #[message(local)]
    async fn begin(&mut self, gate: Gate, ctx: &mut Context<Self>) {
        gate.pass().await;
        let me = ctx.me();
        me.put(100).tell().await.unwrap();
        me.put(101).try_tell().unwrap();
        self.order.push(0);
    }

    #[message]
    fn put(&mut self, n: u64) {
        self.order.push(n);
    }

    #[message]
    fn order(&self) -> Vec<u64> {
        self.order.clone()
    }
}

async fn what_an_actor_sends_to_itself_comes_after_what_is_queued(place: Place) {
    let system = System::new("order");
    let selfish = system.actor(Selfish::default()).at(place).unwrap();
    let (gate, mut keeper) = support::gate();
    selfish.begin(gate).tell().await.unwrap();
    keeper.entered().await;
    for n in 1..=3 {
        selfish.put(n).tell().await.unwrap();
    }
    keeper.open();
    // An ask from here would be queued before the messages of the actor itself.
    support::until(|| system.snapshot().actors[0].handled == 6).await;
    assert_eq!(selfish.order().await.unwrap(), [0, 1, 2, 3, 100, 101]);
}

/// Has state that is not `Sync`.
#[actor]
struct Alone(std::cell::Cell<u64>);

#[actor]
impl Alone {
    /// Reads before its await and writes after it: overlapping turns would lose
    /// an update.
    #[message]
    async fn add(&mut self, by: u64) -> u64 {
        let sum = self.0.get() + by;
        yield_now().await;
        self.0.set(sum);
        sum
    }
}

async fn the_state_needs_no_lock_and_no_reply_goes_to_another_asker(place: Place) {
    let system = System::new("order");
    let alone = system
        .actor(Alone(std::cell::Cell::new(0)))
        .at(place)
        .unwrap();
    let mut askers = JoinSet::new();
    for _ in 0..4 {
        let alone = alone.clone();
        askers.spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..500 {
                seen.push(alone.add(1).await.unwrap());
            }
            assert!(seen.is_sorted());
            seen
        });
    }
    let mut all: Vec<_> = askers.join_all().await.into_iter().flatten().collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(1..=2000));
}

const MS: Duration = Duration::from_millis(1);

/// Number of running turns: now, and at most.
#[derive(Clone, Default)]
struct Turns {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    log: Log,
}

impl Turns {
    /// Runs a turn of that kind, which takes a millisecond.
    async fn take(&self, kind: &str) {
        let now = 1 + self.now.fetch_add(1, Ordering::SeqCst);
        self.most.fetch_max(now, Ordering::SeqCst);
        work(MS).await;
        self.log.add(kind);
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// Has turns of all kinds.
#[actor]
struct Versatile(Turns);

#[actor]
impl Versatile {
    #[on(start)]
    async fn start(&mut self, ctx: &mut Context<Self>) {
        let items = stream::unfold((), |()| async { Some((work(2 * MS).await, ())) });
        ctx.attach(Box::pin(items), |_| VersatileItem {});
        self.0.take("start").await;
    }

    #[message]
    async fn item(&mut self) {
        self.0.take("item").await;
    }

    #[message]
    async fn put(&mut self) {
        self.0.take("message").await;
    }

    #[message]
    async fn fail(&mut self) -> Result<(), support::NoGood> {
        self.0.take("message").await;
        Err(support::NoGood("no".to_owned()))
    }

    #[message(every = "4ms")]
    async fn tick(&mut self) {
        self.0.take("tick").await;
    }

    /// Watches an actor, has a child that fails, and pipes and delays a
    /// message.
    #[message(local)]
    fn begin(&mut self, other: ActorRef<Scribe>, ctx: &mut Context<Self>) -> ActorRef<Scribe> {
        ctx.watch(&other);
        ctx.after(MS, VersatilePut {});
        ctx.pipe(work(MS), |()| VersatilePut {});
        ctx.spawn(scribe().0).unwrap()
    }

    #[message(concurrent)]
    fn beside(&self) -> impl Future<Output = ()> {
        let turns = self.0.clone();
        async move { turns.take("beside").await }
    }

    #[on(child)]
    async fn child(&mut self, _: ChildExit) -> Directive {
        self.0.take("child").await;
        Directive::Resume
    }

    #[on(gone)]
    async fn gone(&mut self, _: Gone) {
        self.0.take("gone").await;
    }

    #[on(error)]
    async fn error(&mut self) -> Directive {
        self.0.take("error").await;
        Directive::Resume
    }

    #[on(idle = "1ms")]
    async fn idle(&mut self) {
        self.0.take("idle").await;
    }

    #[on(stop)]
    async fn stop(&mut self) {
        self.0.take("stop").await;
    }
}

#[support::test(start_paused = true)]
async fn turns_of_every_kind_never_overlap() {
    let system = System::new("order");
    let turns = Turns::default();
    let versatile = system.spawn(Versatile(turns.clone())).unwrap();
    for n in 0..50 {
        let other = system.spawn(scribe().0).unwrap();
        let child = versatile.begin(other.clone()).await.unwrap();
        versatile.put().tell().await.unwrap();
        versatile.fail().tell().await.unwrap();
        // All of these come in the middle of a turn or between two.
        work(Duration::from_micros(37 * n)).await;
        other.stop().await;
        child.explode("boom".into()).await.unwrap_err();
        versatile.put().await.unwrap();
        // Leaves the actor idle, between its ticks and items.
        work(10 * MS).await;
    }
    versatile.stop().await;
    let kinds = [
        "start", "item", "message", "tick", "child", "gone", "error", "idle", "stop",
    ];
    for kind in kinds {
        assert!(turns.log.count(kind) > 0, "no {kind}: {:?}", turns.log);
    }
    assert_eq!(turns.log.count("child"), 50);
    assert_eq!(turns.log.count("gone"), 50);
    assert_eq!(turns.most(), 1, "two turns overlapped");
}

#[support::test(start_paused = true)]
async fn what_is_marked_as_concurrent_overlaps() {
    let system = System::new("order");
    let turns = Turns::default();
    let versatile = system.spawn(Versatile(turns.clone())).unwrap();
    let (one, two) = tokio::join!(versatile.beside(), versatile.beside());
    one.and(two).unwrap();
    assert!(turns.most() > 1, "they are counted as the turns are");
}

async fn an_ask_that_is_dropped_before_it_has_a_place_is_not_sent(place: Place) {
    let system = System::new("order");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).at(place).unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let mut ask = scribe.note(1).into_future();
    assert!(poll_once(&mut ask).is_pending());
    drop(ask);
    drop(scribe.note(2));
    keeper.open();
    scribe.note(3).await.unwrap();
    assert_eq!(log.lines(), ["start", "held", "0", "3"]);
}
