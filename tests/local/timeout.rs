//! A timeout is exact, affects only its ask, and says if the handler may have
//! run. All on the paused clock.

use std::time::Duration;

use conclib::prelude::*;
use support::{ScribeCalls, gate, hold, poll_once, scribe};
use tokio::time::{Instant, advance};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[support::test(start_paused = true)]
async fn an_ask_ends_exactly_at_its_deadline_and_the_actor_is_unharmed() {
    let system = System::new("timeout");
    let (actor, log) = scribe();
    let scribe = system.spawn(actor).unwrap();
    for late in [ms(1), ms(300), ms(5000), Duration::from_secs(86_400)] {
        let keeper = hold(&scribe).await;
        let began = Instant::now();
        let error = scribe.note(1).timeout(late).await.unwrap_err();
        assert_eq!(began.elapsed(), late);
        let deadline = AskError::Deadline {
            urn: scribe.urn(),
            after: late,
            delivery: Delivery::MayHaveRun,
        };
        assert_eq!(error, deadline);
        keeper.open();
        assert_eq!(scribe.echo(2).timeout(late).await, Ok(2));
    }
    // No asker waited for these messages when their turn came.
    assert_eq!(log.count("1"), 0);
    assert_eq!(system.snapshot().dead_letters, 4);
    // A turn that has begun continues, and its late reply is dropped.
    let (gate, keeper) = gate();
    assert!(scribe.hold(gate).timeout(ms(5)).await.is_err());
    keeper.open();
    assert_eq!(scribe.stop().await, StopReason::Stopped);
    assert_eq!(log.count("held"), 5);
    assert_eq!(system.snapshot().dead_letters, 4);
}

#[support::test(start_paused = true)]
async fn an_answer_that_comes_in_time_is_given_whenever_it_comes() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let mut asked = scribe.echo(7).timeout(ms(1000)).into_future();
    assert!(poll_once(&mut asked).is_pending());
    assert!(poll_once(&mut asked).is_pending());
    advance(ms(999)).await;
    assert!(poll_once(&mut asked).is_pending());
    keeper.open();
    assert_eq!(asked.await, Ok(7));
}

#[support::test(start_paused = true)]
async fn without_any_time_nothing_is_sent() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let began = Instant::now();
    let deadline = AskError::Deadline {
        urn: scribe.urn(),
        after: Duration::ZERO,
        delivery: Delivery::NotDelivered,
    };
    assert_eq!(scribe.echo(1).timeout(Duration::ZERO).await, Err(deadline));
    let error = scribe.echo(1).timeout(Duration::ZERO).reply().await;
    assert_eq!(error.unwrap_err().into_message().n, 1);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(system.snapshot().actors[0].depth, 0, "not queued");
    keeper.open();
    // The next ask does not get the reply of the timed-out one.
    assert_eq!(scribe.echo(2).await, Ok(2));
}

#[support::test(start_paused = true)]
async fn for_ever_is_a_time_too() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let mut asked = scribe.echo(1).timeout(Duration::MAX).into_future();
    let mut reply = scribe.echo(2).timeout(Duration::MAX).reply().await.unwrap();
    for _ in 0..3 {
        assert!(poll_once(&mut asked).is_pending());
        assert!(poll_once(&mut reply).is_pending());
        advance(Duration::from_secs(60 * 60 * 24 * 365)).await;
    }
    keeper.open();
    assert_eq!(asked.await, Ok(1));
    assert_eq!(reply.timeout(Duration::MAX).await, Ok(2));
}

#[support::test(start_paused = true)]
async fn without_a_timeout_an_ask_waits() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let mut asked = scribe.echo(1).into_future();
    assert!(poll_once(&mut asked).is_pending());
    advance(Duration::from_secs(60 * 60 * 24 * 365)).await;
    assert!(poll_once(&mut asked).is_pending());
    keeper.open();
    assert_eq!(asked.await, Ok(1));
}

#[support::test(start_paused = true)]
async fn an_answer_to_pick_up_can_have_a_time_of_its_own() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let began = Instant::now();
    let inherited = scribe.echo(1).timeout(ms(400)).reply().await.unwrap();
    assert!(matches!(inherited.await, Err(AskError::Deadline { .. })));
    assert_eq!(began.elapsed(), ms(400));

    let reply = scribe.echo(2).timeout(ms(1)).reply().await.unwrap();
    let began = Instant::now();
    let mut reply = reply.timeout(ms(700));
    advance(ms(100)).await;
    // The timeout counts from when it was set, not from when the reply is
    // awaited.
    assert!(poll_once(&mut reply).is_pending());
    let error = (&mut reply).await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { after, .. } if after == ms(700)));
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
    assert_eq!(began.elapsed(), ms(700));
    keeper.open();
}

#[support::test(start_paused = true)]
async fn a_reply_can_be_awaited_again_and_again() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let mut reply = scribe.echo(5).reply().await.unwrap();
    for _ in 0..3 {
        let waited = tokio::time::timeout(ms(10), &mut reply).await;
        assert!(waited.is_err());
    }
    keeper.open();
    assert_eq!(reply.await, Ok(5));
}

#[support::test(start_paused = true)]
async fn an_ask_that_is_dropped_midway_harms_nobody() {
    let system = System::new("timeout");
    let (actor, log) = scribe();
    let scribe = system.spawn(actor).unwrap();
    let keeper = hold(&scribe).await;
    let mut dropped = scribe.note(1).into_future();
    assert!(poll_once(&mut dropped).is_pending());
    drop(dropped);
    drop(scribe.note(2).reply().await.unwrap());
    let aborted = tokio::spawn(scribe.note(3).owned().into_future());
    tokio::task::yield_now().await;
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    keeper.open();
    assert_eq!(scribe.echo(4).await, Ok(4));
    // The messages were queued, and no asker waited for them any more.
    assert_eq!(log.lines()[1..], ["held"]);
    assert_eq!(system.snapshot().dead_letters, 3);
}

#[support::test(start_paused = true)]
async fn a_hundred_asks_each_end_at_their_own_time() {
    let system = System::new("timeout");
    let scribe = system.spawn(scribe().0).unwrap();
    let keeper = hold(&scribe).await;
    let mut asks = tokio::task::JoinSet::new();
    let began = Instant::now();
    for n in 1..=100_u64 {
        let ask = scribe.echo(n).timeout(ms(n * 10)).owned();
        asks.spawn(async move {
            let error = ask.await.unwrap_err();
            assert!(matches!(error, AskError::Deadline { after, .. } if after == ms(n * 10)));
            assert_eq!(began.elapsed(), ms(n * 10));
        });
    }
    asks.join_all().await;
    keeper.open();
}
