//! test_actor.py

use std::time::Duration;

use conclib::prelude::*;

use super::input::{Sink, SinkCalls, input};
use support::{gate, poll_once, work};

/// Two sources with an item every millisecond, and one without.
#[actor]
#[derive(Default)]
struct Counters {
    first: u64,
    second: u64,
}

#[actor]
impl Counters {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) {
        ctx.tick(Duration::from_millis(1), || CountersFirst {});
        ctx.tick(Duration::from_millis(1), || CountersSecond {});
        ctx.pipe(std::future::pending::<()>(), |()| CountersFirst {});
    }

    #[message]
    fn first(&mut self) {
        self.first += 1;
    }

    #[message]
    fn second(&mut self) {
        self.second += 1;
    }

    #[message]
    fn counts(&mut self) -> (u64, u64) {
        (self.first, self.second)
    }
}

#[support::test(start_paused = true)]
async fn multiple_tasks_are_collected() {
    let system = System::new("actorio");
    let counters = system.spawn(Counters::default()).unwrap();
    work(Duration::from_millis(50)).await;
    // The ask may come between the two items of one millisecond.
    let (first, second) = counters.counts().await.unwrap();
    assert!(first.abs_diff(second) <= 1, "{first} {second}");
    assert!((49..=52).contains(&first), "{first}");
}

#[support::test]
async fn all_input_tasks_are_cancelled() {
    let it = input(Sink::default()).await;
    it.sink.stop_now().await;
    assert!(it.queue.is_closed());
}

#[support::test]
async fn actor_blocking_coro() {
    let it = input(Sink::default()).await;
    let (gate, mut keeper) = gate();
    it.queue.send(("blocked", Some(gate))).unwrap();
    keeper.entered().await;
    let mut behind = it.sink.note("behind".into()).reply().await.unwrap();
    tokio::task::yield_now().await;
    assert!(poll_once(&mut behind).is_pending());
    assert!(it.log.lines().is_empty());
    keeper.open();
    behind.await.unwrap();
    assert_eq!(it.log.lines(), ["blocked", "behind"]);
}

#[support::test]
async fn actor_blocking_coro_is_not_cancelled_on_aexit() {
    let it = input(Sink::default()).await;
    let (gate, mut keeper) = gate();
    it.queue.send(("blocked", Some(gate))).unwrap();
    keeper.entered().await;
    let mut stopping = it.sink.stop_now();
    tokio::task::yield_now().await;
    assert!(poll_once(&mut stopping).is_pending());
    keeper.open();
    assert_eq!(stopping.await, StopReason::StoppedNow);
    assert_eq!(it.log.lines(), ["blocked"]);
}

#[support::test]
async fn mainloop_stops_properly_on_endmainloop() {
    let sink = Sink {
        ends_itself: true,
        ..Sink::default()
    };
    let it = input(sink).await;
    it.put("last");
    assert_eq!(it.sink.stopped().await, Some(StopReason::Stopped));
    assert_eq!(it.log.lines(), ["last"]);
}
