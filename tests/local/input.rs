//! Inputs of an actor besides its mailbox: streams, ticks, delayed messages,
//! piped results, and messages to itself.

use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use conclib::prelude::*;
use conclib::{Attached, Place};
use futures_util::stream::{self, Stream, StreamExt};
use support::{At, Gate, Log, gate, until, work};
use tokio::sync::mpsc;
use tokio::task::coop::unconstrained;
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

support::on_every_place! {
    items_errors_and_the_end_of_a_stream_are_turns_each,
    a_stream_that_is_always_ready_does_not_starve_the_mailbox,
    a_stream_or_a_message_maker_that_panics_is_a_panic_of_the_actor,
    a_stream_is_dropped_with_its_incarnation,
    a_stream_that_panics_as_it_is_dropped_changes_no_end,
    what_is_detached_gives_nothing_more,
    the_actor_serves_others_while_it_waits_for_what_is_piped,
    a_thousand_streams_cost_what_is_ready,
    a_million_messages_to_itself_wait_for_nothing_and_let_others_in,
}

type Item = Result<u32, String>;
type Feed = Pin<Box<dyn Stream<Item = Item> + Send>>;

/// Notes all inputs, and checks that no two turns overlap.
#[actor]
#[derive(Default)]
struct Sink {
    log: Log,
    busy: bool,
    items: usize,
}

#[actor]
impl Sink {
    #[message(local)]
    fn attach(&mut self, feed: Feed, ctx: &mut Context<Self>) -> Attached {
        ctx.attach(feed, |item| SinkItem { item })
    }

    /// Attaches a stream whose items take a millisecond each, and are noted
    /// under a name.
    #[message(local)]
    fn attach_slow(&mut self, name: String, feed: Feed, ctx: &mut Context<Self>) {
        ctx.attach(feed, move |_| SinkSlow { name: name.clone() });
    }

    #[message(local)]
    fn attach_bomb(&mut self, feed: Feed, ctx: &mut Context<Self>) {
        ctx.attach(feed, |_| -> SinkNote { panic!("no message") });
    }

    #[message]
    fn item(&mut self, item: Option<Item>) {
        self.items += 1;
        match item {
            Some(Ok(n)) => self.log.add(n.to_string()),
            Some(Err(error)) => self.log.add(error),
            None => self.log.add("end"),
        }
    }

    #[message]
    async fn slow(&mut self, name: String) {
        assert!(!self.busy, "two turns at once");
        self.busy = true;
        work(MS).await;
        self.busy = false;
        self.log.add(name);
    }

    #[message]
    fn note(&mut self, text: String) {
        self.log.add(text);
    }

    #[message]
    fn items(&mut self) -> usize {
        self.items
    }

    #[message(local)]
    fn tick(&mut self, every: Duration, ctx: &mut Context<Self>) -> Attached {
        ctx.tick(every, || SinkNote {
            text: "tick".to_owned(),
        })
    }

    #[message(local)]
    fn after(&mut self, delay: Duration, text: String, ctx: &mut Context<Self>) -> Attached {
        ctx.after(delay, SinkNote { text })
    }

    #[message(local)]
    fn pipe(
        &mut self,
        future: Pin<Box<dyn Future<Output = String> + Send>>,
        ctx: &mut Context<Self>,
    ) -> Attached {
        ctx.pipe(future, |text| SinkNote { text })
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    async fn nap(&mut self, ms: u64) {
        work(Duration::from_millis(ms)).await;
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }
}

/// Spawns a named sink, which lives as long as its system.
fn sink(place: Place) -> (System, ActorRef<Sink>, Log) {
    let system = System::new("test");
    let log = Log::default();
    let noted = log.clone();
    let make = move || Sink {
        log: noted.clone(),
        ..Sink::default()
    };
    let restart = Restart::on_failure().backoff(Backoff::none());
    let sink = system.actor_with(make).restart(restart);
    let sink = sink.at(place).unwrap();
    (system, sink, log)
}

/// Endless stream with an item at each interval.
fn every(time: Duration) -> Feed {
    let mut interval = tokio::time::interval(time);
    Box::pin(stream::poll_fn(move |cx| {
        interval.poll_tick(cx).map(|_| Some(Ok(0)))
    }))
}

/// Stream without items; the other end shows when it is dropped.
fn silent() -> (Feed, Weak<()>) {
    let held = Arc::new(());
    let weak = Arc::downgrade(&held);
    let feed = stream::poll_fn(move |_| {
        let _held = &held;
        Poll::Pending
    });
    (Box::pin(feed), weak)
}

async fn items_errors_and_the_end_of_a_stream_are_turns_each(place: Place) {
    let (_system, sink, log) = sink(place);
    let items = [Ok(1), Err("no good".to_owned()), Ok(2)];
    sink.attach(Box::pin(stream::iter(items))).await.unwrap();
    until(|| log.has("end")).await;
    assert_eq!(log.take(), ["1", "no good", "2", "end"]);
    let two = stream::iter(1..).map(Ok).take(2);
    sink.attach(Box::pin(two)).await.unwrap();
    until(|| log.has("end")).await;
    assert_eq!(log.take(), ["1", "2", "end"]);
    // Two turns after the end, and no item came.
    assert_eq!(sink.items().await.unwrap(), 7);
    assert_eq!(sink.items().await.unwrap(), 7);
}

#[support::test(start_paused = true)]
async fn two_streams_and_the_mailbox_never_overlap_and_are_served_alike() {
    let (_system, sink, log) = sink(Place::Task);
    for name in ["one", "two"] {
        let name = name.to_owned();
        sink.attach_slow(name, every(10 * MS)).await.unwrap();
    }
    let sender = sink.clone();
    let sending = tokio::spawn(async move {
        loop {
            sleep(10 * MS).await;
            let name = "mail".to_owned();
            sender.slow(name).tell().await.unwrap();
        }
    });
    sleep(Duration::from_secs(2)).await;
    sending.abort();
    let counts = ["one", "two", "mail"].map(|name| log.count(name));
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(*least >= 150 && most * 10 <= least * 12, "{counts:?}");
}

#[support::test(start_paused = true)]
async fn a_thousand_queued_messages_do_not_starve_a_stream() {
    let (_system, sink, log) = sink(Place::Task);
    let name = "stream".to_owned();
    sink.attach_slow(name, every(10 * MS)).await.unwrap();
    for _ in 0..1000 {
        sink.slow("mail".to_owned()).tell().await.unwrap();
    }
    sink.items().await.unwrap();
    let lines = log.lines();
    assert_eq!(log.count("mail"), 1000);
    let longest = lines.split(|line| line == "stream").map(<[_]>::len).max();
    assert!(longest <= Some(64), "{longest:?}");
}

async fn a_stream_that_is_always_ready_does_not_starve_the_mailbox(place: Place) {
    let (_system, sink, log) = sink(place);
    let (gate, mut keeper) = gate();
    sink.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    let flood = stream::repeat(Ok(0));
    sink.attach(Box::pin(flood)).tell().await.unwrap();
    for n in 0..100 {
        sink.note(format!("mail {n}")).tell().await.unwrap();
    }
    let items = sink.items().reply().await.unwrap();
    keeper.open();
    let items = items.await.unwrap();
    assert!(log.has("mail 99"));
    // One item for each message.
    assert!((50..=102).contains(&items), "{items}");
    assert_eq!(sink.stop().await, StopReason::Stopped);
}

async fn a_stream_or_a_message_maker_that_panics_is_a_panic_of_the_actor(place: Place) {
    let (_system, sink, _log) = sink(place);
    let bomb = stream::poll_fn(|_| -> Poll<Option<Item>> { panic!("bomb") });
    sink.attach(Box::pin(bomb)).await.unwrap();
    until(|| sink.generation() == Some(2)).await;
    let one = stream::iter([Ok(1)]);
    sink.attach_bomb(Box::pin(one)).await.unwrap();
    until(|| sink.generation() == Some(3)).await;
    sink.pipe(Box::pin(async { panic!("bomb") })).await.unwrap();
    until(|| sink.generation() == Some(4)).await;
    assert_eq!(sink.items().await.unwrap(), 0, "it goes on");
}

async fn a_stream_is_dropped_with_its_incarnation(place: Place) {
    let (_system, sink, _log) = sink(place);
    let (feed, weak) = silent();
    sink.attach(feed).await.unwrap();
    assert_eq!(weak.strong_count(), 1);
    sink.fail().await.unwrap_err();
    sink.items().await.unwrap();
    assert_eq!(weak.strong_count(), 0, "a restart");
    for end in [ActorRef::stop, ActorRef::stop_now, ActorRef::kill] {
        let (_system, sink, _log) = self::sink(place);
        let (feed, weak) = silent();
        sink.attach(feed).await.unwrap();
        end(&sink).await;
        assert_eq!(weak.strong_count(), 0);
    }
}

/// A stream that panics as it is dropped.
struct Touchy;

impl Stream for Touchy {
    type Item = Item;
    fn poll_next(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<Item>> {
        Poll::Pending
    }
}

impl Drop for Touchy {
    fn drop(&mut self) {
        panic!("touchy");
    }
}

async fn a_stream_that_panics_as_it_is_dropped_changes_no_end(place: Place) {
    let (_system, sink, _log) = sink(place);
    sink.attach(Box::pin(Touchy)).await.unwrap();
    sink.fail().await.unwrap_err();
    sink.items().await.unwrap();
    assert_eq!(sink.generation(), Some(2));
    sink.attach(Box::pin(Touchy)).await.unwrap();
    assert_eq!(sink.stop().await, StopReason::Stopped);
}

async fn what_is_detached_gives_nothing_more(place: Place) {
    let (_system, sink, log) = sink(place);
    let (send, mut receive) = mpsc::unbounded_channel();
    let feed = stream::poll_fn(move |cx| receive.poll_recv(cx));
    let attached = sink.attach(Box::pin(feed)).await.unwrap();
    send.send(Ok(1)).unwrap();
    until(|| log.has("1")).await;
    assert!(!attached.is_detached());
    drop(attached.clone());
    send.send(Ok(2)).unwrap();
    until(|| log.has("2")).await;
    attached.detach();
    assert!(attached.is_detached());
    // Dropped also while no message is sent to the actor.
    until(|| send.is_closed()).await;
    sink.items().await.unwrap();
    assert_eq!(log.lines(), ["1", "2"], "no end either");
}

#[support::test(start_paused = true)]
async fn a_tick_comes_at_once_and_then_at_its_interval() {
    let (_system, sink, log) = sink(Place::Task);
    let ticks = sink.tick(10 * MS).await.unwrap();
    sleep(105 * MS).await;
    assert_eq!(log.count("tick"), 11);
    // No tick comes twice to catch up.
    sink.nap(1000).await.unwrap();
    sleep(5 * MS).await;
    assert_eq!(log.count("tick"), 12);
    ticks.detach();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(log.count("tick"), 12);
    // No stream is left after a restart.
    sink.tick(10 * MS).await.unwrap();
    sink.fail().await.unwrap_err();
    sink.items().await.unwrap();
    log.take();
    sleep(Duration::from_secs(1)).await;
    assert!(log.lines().is_empty());
}

#[support::test(start_paused = true)]
async fn a_delayed_message_comes_once_unless_it_is_taken_back() {
    let (_system, sink, log) = sink(Place::Task);
    sink.after(20 * MS, "late".to_owned()).await.unwrap();
    sink.after(10 * MS, "early".to_owned()).await.unwrap();
    let never = sink.after(15 * MS, "never".to_owned()).await.unwrap();
    sleep(12 * MS).await;
    assert_eq!(log.lines(), ["early"]);
    never.detach();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(log.take(), ["early", "late"]);
    sink.after(10 * MS, "lost".to_owned()).await.unwrap();
    sink.fail().await.unwrap_err();
    sink.items().await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(log.lines().is_empty());
}

async fn the_actor_serves_others_while_it_waits_for_what_is_piped(place: Place) {
    let (_system, sink, log) = sink(place);
    let (gate, mut keeper) = gate();
    let slow = async {
        gate.pass().await;
        "piped".to_owned()
    };
    sink.pipe(Box::pin(slow)).await.unwrap();
    keeper.entered().await;
    sink.note("meanwhile".to_owned()).await.unwrap();
    keeper.open();
    until(|| log.has("piped")).await;
    assert_eq!(log.take(), ["meanwhile", "piped"]);

    // Dropped when it is detached, and at a restart.
    for restarts in [false, true] {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        let never = Box::pin(async move {
            let _held = held;
            pending().await
        });
        let attached = sink.pipe(never).await.unwrap();
        match restarts {
            true => drop(sink.fail().await),
            false => attached.detach(),
        }
        until(|| weak.strong_count() == 0).await;
    }
}

async fn a_thousand_streams_cost_what_is_ready(place: Place) {
    let (_system, sink, log) = sink(place);
    let polls = Arc::new(AtomicUsize::new(0));
    let mut senders = Vec::new();
    for _ in 0..1000 {
        let (send, mut receive) = mpsc::unbounded_channel::<Item>();
        let polls = polls.clone();
        let feed = stream::poll_fn(move |cx| {
            polls.fetch_add(1, Ordering::Relaxed);
            // A task that has used up its budget would poll the channel once more.
            pin!(unconstrained(receive.recv())).poll(cx)
        });
        sink.attach(Box::pin(feed)).await.unwrap();
        senders.push(send);
    }
    until(|| polls.load(Ordering::Relaxed) >= 1000).await;
    sink.items().await.unwrap();
    let before = polls.load(Ordering::Relaxed);
    for n in 0..100 {
        senders[n * 10].send(Ok(1)).unwrap();
        until(|| log.count("1") == n + 1).await;
    }
    sink.items().await.unwrap();
    let polled = polls.load(Ordering::Relaxed) - before;
    // The polls are for the item, and for finding that there is no other.
    assert!(polled <= 200, "{polled}");
}

/// Sends to itself, and watches the number of queued messages.
#[actor]
#[derive(Default)]
struct Chain {
    most: usize,
    others: u64,
}

#[actor]
impl Chain {
    #[message]
    fn link(&mut self, left: u64, ctx: &mut Context<Self>) {
        if left.is_multiple_of(1000) {
            let actors = ctx.system().snapshot().actors;
            self.most = self.most.max(actors[0].depth);
        }
        match left {
            0 => ctx.stop(),
            _ => ctx.me().link(left - 1).try_tell().unwrap(),
        }
    }

    #[message]
    fn other(&mut self) -> u64 {
        self.others += 1;
        self.others
    }

    #[on(stop)]
    fn stop(&mut self) {
        assert!(self.most <= 2, "{} wait", self.most);
    }
}

async fn a_million_messages_to_itself_wait_for_nothing_and_let_others_in(place: Place) {
    let system = System::new("test");
    let chain = Chain::default();
    let chain = system.actor(chain).urn("chain").mailbox(1);
    let chain = chain.at(place).unwrap();
    chain.link(1_000_000).tell().await.unwrap();
    let mut others = 0;
    while let Ok(n) = chain.other().await {
        others = n;
    }
    assert_eq!(chain.stopped().await, Some(StopReason::Stopped));
    assert!(others > 100, "{others} got in between");
}
