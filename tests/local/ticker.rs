//! Ticker outside of any actor: a fixed schedule, no overlap, no burst, and it
//! survives a panic of its body.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use conclib::prelude::*;
use support::{Log, gate, until, work};
use tokio::sync::mpsc;
use tokio::time::{Instant, advance};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A ticker that logs when it runs, and then works.
fn logging(ticker: Ticker, log: &Log, time: Duration) -> conclib::TickerHandle {
    let (log, began) = (log.clone(), Instant::now());
    ticker
        .run(move || {
            log.add(began.elapsed().as_millis().to_string());
            async move {
                if !time.is_zero() {
                    work(time).await;
                }
            }
        })
        .unwrap()
}

#[support::test(start_paused = true)]
async fn it_runs_at_once_and_then_on_a_fixed_schedule() {
    let log = Log::default();
    let ticker = logging(Ticker::every(ms(100)), &log, ms(30));
    work(ms(350)).await;
    assert_eq!(log.lines(), ["0", "100", "200", "300"]);
    ticker.stop().await;
}

#[support::test(start_paused = true)]
async fn the_first_run_can_wait_for_the_first_interval() {
    let log = Log::default();
    let ticker = logging(
        Ticker::every(ms(100)).immediate(false),
        &log,
        Duration::ZERO,
    );
    work(ms(350)).await;
    assert_eq!(log.lines(), ["100", "200", "300"]);
    ticker.stop().await;
}

#[support::test(start_paused = true)]
async fn runs_that_take_longer_than_the_interval_follow_each_other_without_a_burst() {
    let log = Log::default();
    let inside = Arc::new(AtomicUsize::new(0));
    let (most, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let (seen, count) = (log.clone(), most.clone());
    let ticker = Ticker::every(ms(100))
        .run(move || {
            let (inside, most, log) = (inside.clone(), count.clone(), seen.clone());
            async move {
                most.fetch_max(1 + inside.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                log.add(began.elapsed().as_millis().to_string());
                work(ms(250)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
            }
        })
        .unwrap();
    work(ms(1050)).await;
    assert_eq!(most.load(Ordering::SeqCst), 1);
    assert_eq!(log.lines(), ["0", "250", "500", "750", "1000"]);
    ticker.stop().await;
}

#[support::test(start_paused = true)]
async fn a_panic_of_a_run_does_not_end_the_next_ones() {
    let (sender, mut ran) = mpsc::unbounded_channel();
    let mut n = 0;
    let ticker = Ticker::every(ms(100))
        .run(move || {
            n += 1;
            sender.send(n).unwrap();
            // Panics in the closure the second time, in its future the fourth.
            assert!(n != 2, "the closure panics");
            async move { assert!(n != 4, "the future panics") }
        })
        .unwrap();
    for n in 1..=6 {
        assert_eq!(ran.recv().await, Some(n));
    }
    ticker.stop().await;
}

#[support::test(start_paused = true)]
async fn stop_waits_for_the_run_that_is_under_way_and_no_other_comes() {
    let base = support::alive();
    let log = Log::default();
    let (gate, mut keeper) = gate();
    let (mut gate, seen) = (Some(gate), log.clone());
    let ticker = Ticker::every(ms(100))
        .run(move || {
            let (gate, log) = (gate.take(), seen.clone());
            async move {
                log.add("begin");
                if let Some(gate) = gate {
                    gate.pass().await;
                }
                log.add("end");
            }
        })
        .unwrap();
    keeper.entered().await;
    advance(ms(500)).await;
    let stopping = tokio::spawn(ticker.stop());
    tokio::task::yield_now().await;
    assert!(!stopping.is_finished());
    keeper.open();
    stopping.await.unwrap();
    assert_eq!(log.lines(), ["begin", "end"]);
    until(|| support::alive() == base).await;
    work(ms(1000)).await;
    assert_eq!(log.lines(), ["begin", "end"]);
}

#[support::test(start_paused = true)]
async fn dropping_the_handle_ends_it_too() {
    let base = support::alive();
    let log = Log::default();
    let ticker = logging(Ticker::every(ms(100)), &log, Duration::ZERO);
    work(ms(150)).await;
    drop(ticker);
    until(|| support::alive() == base).await;
    work(ms(1000)).await;
    assert_eq!(log.lines(), ["0", "100"]);
}

#[support::test(start_paused = true)]
async fn no_interval_is_too_short_or_too_long() {
    let log = Log::default();
    let shortest = logging(Ticker::every(Duration::ZERO), &log, Duration::ZERO);
    work(ms(2)).await;
    shortest.stop().await;
    assert_eq!(log.lines()[..2], ["0", "1"]);
    for immediate in [true, false] {
        let log = Log::default();
        let longest = Ticker::every(Duration::MAX).immediate(immediate);
        let longest = logging(longest, &log, Duration::ZERO);
        work(ms(1)).await;
        assert_eq!(log.lines().len(), usize::from(immediate));
        longest.stop().await;
    }
}

#[support::test]
fn outside_of_a_runtime_it_is_a_typed_error() {
    let error = Ticker::every(ms(1)).run(|| async {}).unwrap_err();
    assert_eq!(error, SpawnError::NoRuntime);
}

#[support::test]
fn a_ticker_whose_runtime_is_gone_has_stopped() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ticker = {
        let _inside = runtime.enter();
        logging(Ticker::every(ms(100)), &Log::default(), Duration::ZERO)
    };
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    other.block_on(ticker.stop());
}
