//! Handlers that answer with a stream, in one process and across processes.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use conclib::prelude::*;
use conclib::wire::CodecError;
use futures_util::{StreamExt, stream};
use serde_json::json;
use support::outside::{House, Road};
use support::{NoGood, alive, until};

/// Number of items that a stream may be ahead of its reader in one process.
const CREDIT: u64 = 32;

#[actor(urn = "source", mailbox = 4)]
#[derive(Clone, Default)]
struct Source {
    /// Number of items made.
    made: Arc<AtomicU64>,
    /// Number of open streams.
    open: Arc<AtomicUsize>,
}

/// Counts itself while it exists.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Source {
    fn numbers(&self) -> impl Stream<Item = u64> + use<> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let (open, made) = (Open(self.open.clone()), self.made.clone());
        stream::iter(0..).map(move |n| {
            let _ = &open;
            made.fetch_add(1, Ordering::SeqCst);
            n
        })
    }

    fn made(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

#[actor]
impl Source {
    #[message]
    fn count(&mut self, to: usize) -> impl Stream<Item = u64> {
        self.numbers().take(to)
    }

    #[message]
    fn endless(&self) -> impl Stream<Item = u64> {
        self.numbers()
    }

    /// Yields so many items, and then stays pending for ever.
    #[message]
    fn stall(&mut self, after: u64) -> impl Stream<Item = u64> {
        self.numbers().then(move |n| async move {
            match n < after {
                true => n,
                false => std::future::pending().await,
            }
        })
    }

    #[message]
    fn explode_after(&mut self, items: u64) -> impl Stream<Item = u64> {
        self.numbers().inspect(move |n| assert!(*n < items, "boom"))
    }

    #[message]
    fn explode_at_once(&mut self) -> impl Stream<Item = u64> {
        assert!(self.open() > 1_000, "boom");
        self.numbers()
    }

    #[message]
    fn divide(&mut self, by: Vec<u64>) -> impl Stream<Item = Result<u64, NoGood>> {
        stream::iter(by).map(|by| 12_u64.checked_div(by).ok_or(NoGood("zero".into())))
    }

    #[message]
    fn texts(&mut self, bytes: usize, ctx: &mut Context<Self>) -> impl Stream<Item = String> {
        let urn = ctx.urn();
        stream::iter(0..).map(move |n| format!("{urn} {n} {}", "x".repeat(bytes)))
    }

    #[message]
    fn double(&mut self, n: u64) -> u64 {
        2 * n
    }

    #[message]
    fn explode(&mut self) -> u64 {
        panic!("bang");
    }

    #[message(concurrent)]
    async fn never() -> u64 {
        std::future::pending().await
    }
}

/// Source and a client for it, at some place.
struct Stage {
    /// Handle in the process of the source.
    watch: Source,
    here: ActorRef<Source>,
    /// Reference of the asker.
    source: ActorRef<Source>,
    /// `None` for an asker in the same process.
    client: Option<ProxyClient>,
    house: House,
}

impl Stage {
    async fn new(road: Option<Road>) -> conclib::Result<Self> {
        let house = House::open(road.unwrap_or(Road::Unix)).await?;
        let watch = Source::default();
        let here = house.system.spawn(watch.clone())?;
        let client = match road {
            Some(_) => Some(house.client().await?),
            None => None,
        };
        let source = match &client {
            Some(client) => client.actor("source")?,
            None => here.clone(),
        };
        Ok(Self {
            watch,
            here,
            source,
            client,
            house,
        })
    }

    /// Number of items that a stream may be ahead of its reader.
    fn ahead(&self) -> u64 {
        match self.client {
            None => CREDIT,
            Some(_) => 2 * CREDIT,
        }
    }
}

/// Generates three tests from each body: one for each place of the asker.
macro_rules! everywhere {
    ($($test:ident),* $(,)?) => {
        everywhere!(@here None; $($test)*);
        everywhere!(@over_unix Some(Road::Unix); $($test)*);
        everywhere!(@over_tcp Some(Road::Tcp); $($test)*);
    };
    (@$place:ident $road:expr; $($test:ident)*) => {
        mod $place {
            use super::*;
            $(
                #[support::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() -> conclib::Result {
                    super::$test(Stage::new($road).await?).await
                }
            )*
        }
    };
}

everywhere! {
    a_hundred_thousand_items_come_in_order,
    a_slow_reader_bounds_what_is_made,
    a_reader_that_leaves_ends_the_stream,
    no_end_of_the_actor_is_silent,
    a_stream_that_panics_ends_its_actor,
    items_that_are_results,
    streams_and_asks_on_one_connection,
    readers_that_never_read_hold_up_nobody,
    a_told_stream_is_dropped,
    the_timeout_is_for_the_first_answer,
    items_can_be_passed_on,
    items_of_100_000_bytes,
    a_shutdown_ends_an_endless_stream,
}

/// Reads to the end, which has to be an error, and returns it.
async fn failure<T>(items: &mut Items<T>, at_most: u64) -> AskError {
    let mut read = 0;
    loop {
        match items.next().await {
            Some(Ok(_)) => read += 1,
            Some(Err(error)) => {
                assert!(read <= at_most, "{read} items after the end");
                assert!(items.next().await.is_none(), "nothing comes after it");
                return error;
            }
            None => panic!("a silent end after {read} items"),
        }
    }
}

async fn a_hundred_thousand_items_come_in_order(stage: Stage) -> conclib::Result {
    let mut items = stage.source.count(100_000).await?;
    for n in 0..100_000 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    assert_eq!(items.next().await, None);
    assert_eq!(items.next().await, None);
    until(|| stage.watch.open() == 0).await;
    // A later stream works as usual.
    let items = stage.source.count(3).await?;
    let all: Vec<_> = items.collect().await;
    assert_eq!(all, [Ok(0), Ok(1), Ok(2)]);
    let mut none = stage.source.count(0).await?;
    assert_eq!(none.next().await, None);
    Ok(())
}

async fn a_slow_reader_bounds_what_is_made(stage: Stage) -> conclib::Result {
    let Stage { watch, source, .. } = &stage;
    let mut items = source.endless().await?;
    let mut read = 0;
    for _ in 0..3 {
        until(|| watch.made() >= read + stage.ahead() / 2).await;
        for n in 0..50 {
            assert_eq!(source.double(n).await?, 2 * n);
        }
        assert!(watch.made() <= read + stage.ahead(), "{}", watch.made());
        for _ in 0..100 {
            assert_eq!(items.next().await, Some(Ok(read)));
            read += 1;
        }
    }
    Ok(())
}

async fn a_reader_that_leaves_ends_the_stream(stage: Stage) -> conclib::Result {
    let Stage { watch, source, .. } = &stage;
    // One stream that waits for room, one that waits for its next item, and one
    // that was never polled.
    let mut full = source.endless().await?;
    let mut pending = source.stall(1).await?;
    let unread = source.stall(0).await?;
    assert_eq!(full.next().await, Some(Ok(0)));
    assert_eq!(pending.next().await, Some(Ok(0)));
    assert_eq!(watch.open(), 3);
    drop(pending);
    until(|| watch.open() == 2).await;
    drop(full);
    drop(unread);
    until(|| watch.open() == 0).await;
    // A stream whose asker drops the reply ends, too.
    let answer = source.endless().reply().await?;
    until(|| watch.open() == 1).await;
    drop(answer);
    until(|| watch.open() == 0).await;
    assert_eq!(source.double(1).await?, 2);
    Ok(())
}

async fn no_end_of_the_actor_is_silent(stage: Stage) -> conclib::Result {
    let stopped = |urn: Urn| AskError::Stopped {
        urn,
        delivery: Delivery::MayHaveRun,
    };
    let mut here = stage.here.clone();
    let mut source = stage.source.clone();
    let ends = [
        |actor: &ActorRef<Source>| actor.stop(),
        |actor: &ActorRef<Source>| actor.stop_now(),
        |actor: &ActorRef<Source>| actor.kill(),
    ];
    for end in ends {
        let mut endless = source.endless().await?;
        let mut stalled = source.stall(1).await?;
        assert_eq!(endless.next().await, Some(Ok(0)));
        assert_eq!(stalled.next().await, Some(Ok(0)));
        end(&here).await;
        assert_eq!(
            failure(&mut endless, stage.ahead()).await,
            stopped(here.urn())
        );
        assert_eq!(failure(&mut stalled, 0).await, stopped(here.urn()));
        until(|| stage.watch.open() == 0).await;
        here = stage.house.system.spawn(stage.watch.clone())?;
        // A remote reference is bound to the name, a local one to the actor.
        if stage.client.is_none() {
            source = here.clone();
        }
    }
    let mut stalled = source.stall(0).await?;
    let error = source.explode().await.unwrap_err();
    assert!(matches!(error, AskError::Panicked { .. }), "{error}");
    assert_eq!(failure(&mut stalled, 0).await, stopped(here.urn()));
    Ok(())
}

async fn a_stream_that_panics_ends_its_actor(stage: Stage) -> conclib::Result {
    let mut other = stage.source.stall(0).await?;
    let mut items = stage.source.explode_after(3).await?;
    for n in 0..3 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    let error = failure(&mut items, 0).await;
    assert!(matches!(&error, AskError::Panicked { urn, .. } if *urn == "source"));
    assert!(error.to_string().contains("boom"), "{error}");
    let reason = stage.here.stopped().await;
    assert!(
        matches!(reason, Some(StopReason::Panicked(_))),
        "{reason:?}"
    );
    let error = failure(&mut other, 0).await;
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");

    let here = stage.house.system.spawn(stage.watch.clone())?;
    let source = match &stage.client {
        Some(client) => client.actor("source")?,
        None => here.clone(),
    };
    let error = source.explode_at_once().await.unwrap_err();
    assert!(matches!(error, AskError::Panicked { .. }), "{error}");
    here.stopped().await;
    assert_eq!(stage.watch.open(), 0);
    Ok(())
}

async fn items_that_are_results(stage: Stage) -> conclib::Result {
    let mut items = stage.source.divide(vec![3, 0, 4]).await?;
    assert_eq!(items.next().await, Some(Ok(Ok(4))));
    assert_eq!(items.next().await, Some(Ok(Err(NoGood("zero".into())))));
    assert_eq!(items.next().await, Some(Ok(Ok(3))));
    assert_eq!(items.next().await, None);
    Ok(())
}

async fn streams_and_asks_on_one_connection(stage: Stage) -> conclib::Result {
    let read = |name: u64| {
        let source = stage.source.clone();
        async move {
            let mut items = source.count(5_000).await?;
            let mut sum = name;
            while let Some(item) = items.next().await {
                sum += item?;
            }
            Ok::<_, conclib::Error>(sum - name)
        }
    };
    let ask = async {
        for n in 0..200 {
            assert_eq!(stage.source.double(n).await?, 2 * n);
        }
        Ok::<_, conclib::Error>(())
    };
    let (one, two, asked) = tokio::join!(read(1), read(2), ask);
    asked?;
    assert_eq!((one?, two?), (12_497_500, 12_497_500));
    Ok(())
}

async fn readers_that_never_read_hold_up_nobody(stage: Stage) -> conclib::Result {
    // More streams than the mailbox has slots.
    let mut unread = Vec::new();
    for _ in 0..50 {
        unread.push(stage.source.endless().await?);
    }
    for n in 0..100 {
        assert_eq!(stage.source.double(n).await?, 2 * n);
    }
    let mut items = stage.source.count(1_000).await?;
    for n in 0..1_000 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    assert!(stage.watch.made() <= 50 * stage.ahead() + 1_000);
    drop(unread);
    until(|| stage.watch.open() == 0).await;
    Ok(())
}

async fn a_told_stream_is_dropped(stage: Stage) -> conclib::Result {
    stage.source.endless().tell().await?;
    assert_eq!(stage.source.double(4).await?, 8);
    assert_eq!((stage.watch.open(), stage.watch.made()), (0, 0));
    Ok(())
}

async fn the_timeout_is_for_the_first_answer(stage: Stage) -> conclib::Result {
    let after = Duration::from_millis(200);
    let mut items = stage.source.endless().timeout(after).await?;
    // The same deadline ends an ask that is not answered.
    let error = stage.source.never().timeout(after).await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    for n in 0..1_000 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    Ok(())
}

/// Answers with the stream of another actor.
#[actor(urn = "relay")]
struct Relay(ActorRef<Source>);

#[actor]
impl Relay {
    #[message]
    async fn count(&mut self, to: usize) -> Items<u64> {
        self.0.count(to).await.unwrap()
    }
}

async fn items_can_be_passed_on(stage: Stage) -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    let here = house.system.spawn(Relay(stage.source.clone()))?;
    let relay: ActorRef<Relay> = match stage.client {
        Some(_) => house.client().await?.actor("relay")?,
        None => here,
    };
    let mut items = relay.count(1_000).await?;
    for n in 0..1_000 {
        assert_eq!(items.next().await, Some(Ok(n)));
    }
    assert_eq!(items.next().await, None);
    let cut_off = relay.count(1_000).await?;
    assert_eq!(stage.watch.open(), 1);
    drop(cut_off);
    until(|| stage.watch.open() == 0).await;
    Ok(())
}

async fn items_of_100_000_bytes(stage: Stage) -> conclib::Result {
    let mut items = stage.source.texts(100_000).await?;
    for n in 0..100 {
        let item = items.next().await.ok_or("an end")??;
        assert!(item.starts_with(&format!("source {n} x")));
        assert!(item.len() > 100_000);
    }
    Ok(())
}

async fn a_shutdown_ends_an_endless_stream(stage: Stage) -> conclib::Result {
    let mut items = stage.source.stall(1).await?;
    assert_eq!(items.next().await, Some(Ok(0)));
    stage.house.system.shutdown().await;
    let error = failure(&mut items, 0).await;
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");
    Ok(())
}

#[actor]
struct Nameless;

#[actor]
impl Nameless {
    #[message(local)]
    fn count(&mut self, to: u64) -> impl Stream<Item = NotSerde> {
        stream::iter(0..to).map(NotSerde)
    }
}

/// Type without serde, for a stream inside one process.
#[derive(Debug, PartialEq)]
pub struct NotSerde(u64);

#[support::test]
async fn an_anonymous_actor_lives_while_its_items_are_read() -> conclib::Result {
    let system = System::new("test");
    let source = system.spawn(Nameless)?;
    let weak = source.downgrade();
    let mut items = source.count(1_000).await?;
    drop(source);
    for n in 0..1_000 {
        assert_eq!(items.next().await, Some(Ok(NotSerde(n))));
    }
    assert_eq!(items.next().await, None);
    until(|| weak.upgrade().is_none()).await;
    Ok(())
}

#[support::test]
async fn a_stream_is_no_task() -> conclib::Result {
    let system = System::new("test");
    let watch = Source::default();
    let source = system.spawn(watch.clone())?;
    source.double(1).await?;
    let tasks = alive();
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut items = source.endless().await?;
        assert_eq!(items.next().await, Some(Ok(0)));
        streams.push(items);
    }
    assert_eq!((alive(), watch.open()), (tasks, 20));
    Ok(())
}

#[support::test]
async fn a_proxy_has_one_task_for_all_streams() -> conclib::Result {
    let stage = Stage::new(Some(Road::Unix)).await?;
    stage.source.double(1).await?;
    let tasks = alive();
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut items = stage.source.endless().await?;
        assert_eq!(items.next().await, Some(Ok(0)));
        streams.push(items);
    }
    assert_eq!((alive(), stage.watch.open()), (tasks, 20));
    Ok(())
}

#[support::test]
async fn a_connection_that_is_lost_is_no_silent_end() -> conclib::Result {
    let stage = Stage::new(Some(Road::Unix)).await?;
    let mut endless = stage.source.endless().await?;
    let mut stalled = stage.source.stall(0).await?;
    assert_eq!(endless.next().await, Some(Ok(0)));
    stage.house.proxy.close().await;
    let disconnected = AskError::Disconnected {
        urn: stage.here.urn(),
        delivery: Delivery::MayHaveRun,
    };
    assert_eq!(failure(&mut stalled, 0).await, disconnected);
    assert_eq!(failure(&mut endless, stage.ahead()).await, disconnected);
    until(|| stage.watch.open() == 0).await;
    assert_eq!(stage.here.double(1).await?, 2);
    Ok(())
}

#[support::test]
async fn a_client_that_goes_ends_its_streams() -> conclib::Result {
    let stage = Stage::new(Some(Road::Unix)).await?;
    let Stage {
        watch,
        source,
        client,
        ..
    } = stage;
    let mut items = source.endless().await?;
    assert_eq!(items.next().await, Some(Ok(0)));
    drop((source, client));
    let error = failure(&mut items, 2 * CREDIT).await;
    assert!(matches!(error, AskError::Disconnected { .. }), "{error}");
    until(|| watch.open() == 0).await;
    Ok(())
}

#[support::test]
async fn one_stream_too_many_is_refused() -> conclib::Result {
    let stage = Stage::new(Some(Road::Unix)).await?;
    let mut streams = Vec::new();
    for _ in 0..256 {
        streams.push(stage.source.stall(1).await?);
    }
    let error = stage.source.stall(1).await.unwrap_err();
    assert!(matches!(error, AskError::TooManyStreams { .. }), "{error}");
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
    assert_eq!(stage.source.double(4).await?, 8);
    until(|| stage.watch.open() == 256).await;
    for items in &mut streams {
        assert_eq!(items.next().await, Some(Ok(0)));
    }
    streams.pop();
    until(|| stage.watch.open() == 255).await;
    assert_eq!(stage.source.stall(1).await?.next().await, Some(Ok(0)));
    Ok(())
}

#[support::test]
async fn a_stream_is_nothing_for_an_ask_in_json() -> conclib::Result {
    let stage = Stage::new(Some(Road::Unix)).await?;
    let client = stage.client.as_ref().ok_or("a client")?;
    let patience = Duration::from_secs(20);
    let body = json!({});
    let asked = client.ask_json("source", "endless", &body, patience);
    let error = asked.await.unwrap_err();
    let AskError::Codec { error, .. } = &error else {
        panic!("{error}");
    };
    assert!(matches!(&**error, CodecError::Malformed { detail, .. } if detail.contains("stream")));
    until(|| stage.watch.open() == 0).await;
    Ok(())
}

/// Streams texts of these lengths.
#[actor(urn = "texts")]
struct Texts;

#[actor]
impl Texts {
    #[message]
    fn of(&mut self, lens: Vec<usize>) -> impl Stream<Item = String> {
        stream::iter(lens).map(|len| "x".repeat(len))
    }
}

#[support::test]
async fn small_and_large_items_keep_their_order() -> conclib::Result {
    let house = House::open(Road::Unix).await?;
    house.system.spawn(Texts)?;
    let texts: ActorRef<Texts> = house.client().await?.actor("texts")?;
    let lens: Vec<usize> = (0..40)
        .map(|n| if n % 3 == 2 { 100_000 + n } else { n })
        .collect();
    let items = texts.of(lens.clone()).await?;
    let texts: Vec<String> = items.map(|item| item.unwrap()).collect().await;
    let came: Vec<usize> = texts.iter().map(String::len).collect();
    assert_eq!(came, lens);
    Ok(())
}
