//! One answer for many waiters: it is received once, and no waiter hangs.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Poller, Wake, Waker};
use std::time::Duration;

use conclib::prelude::*;
use support::oracle::{OracleCalls, oracle};
use support::{NoGood, poll_once};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, advance};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[support::test]
async fn everybody_gets_it_and_it_is_made_once() {
    let system = System::new("shared");
    let (oracle, mut promises) = oracle(&system);
    let runs = Arc::new(AtomicU64::new(0));
    let counted = runs.clone();
    let reply = oracle.promise().reply().await.unwrap();
    let reply = reply.map(move |n| counted.fetch_add(1, Ordering::Relaxed) + n);
    let mut shared = reply.shared();
    let mut waiting = JoinSet::new();
    for _ in 0..20 {
        waiting.spawn(shared.clone());
    }
    yield_now().await;
    promises.next().await.send(7);
    assert_eq!(waiting.join_all().await, vec![Ok(7); 20]);
    // Later polls and later clones get the same answer.
    assert_eq!((&mut shared).await, Ok(7));
    assert_eq!((&mut shared).await, Ok(7));
    assert_eq!(shared.clone().await, Ok(7));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

/// Counts its owners.
struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

#[support::test]
async fn who_stops_waiting_leaves_nothing_behind() {
    let system = System::new("shared");
    let (oracle, mut promises) = oracle(&system);
    let shared = oracle.promise().reply().await.unwrap().shared();
    let waker = Arc::new(Nobody);
    let mut waiting = shared.clone();
    let polled = Pin::new(&mut waiting).poll(&mut Poller::from_waker(&Waker::from(waker.clone())));
    assert!(polled.is_pending());
    assert_eq!(Arc::strong_count(&waker), 2);
    drop(waiting);
    assert_eq!(Arc::strong_count(&waker), 1);
    promises.next().await.send(7);
    assert_eq!(shared.await, Ok(7));
}

#[support::test]
async fn an_error_is_for_everybody_too() {
    let system = System::new("shared");
    let (oracle, _) = oracle(&system);
    let failed = oracle.fail("so".to_owned()).reply().await.unwrap().shared();
    for _ in 0..2 {
        let error = AskError::Handler(NoGood("so".to_owned()));
        assert_eq!(failed.clone().await, Err(error));
    }
}

#[support::test]
async fn whoever_stops_waiting_takes_no_wake_from_the_others() {
    let system = System::new("shared");
    let (oracle, mut promises) = oracle(&system);
    // The waiter that leaves polled before, or after, the one that stays.
    for leaves_first in [true, false] {
        let shared = oracle.promise().reply().await.unwrap().shared();
        let mut leaves = shared.clone();
        if leaves_first {
            assert!(poll_once(&mut leaves).is_pending());
        }
        let stays = tokio::spawn(shared);
        yield_now().await;
        assert!(poll_once(&mut leaves).is_pending());
        drop(leaves);
        promises.next().await.send(1);
        assert_eq!(stays.await.unwrap(), Ok(1));
    }
}

#[support::test(start_paused = true)]
async fn one_deadline_holds_for_all() {
    let system = System::new("shared");
    let (oracle, _promises) = oracle(&system);
    let began = Instant::now();
    let reply = oracle.promise().reply().await.unwrap();
    let shared = reply.timeout(ms(300)).shared();
    let early = tokio::spawn(shared.clone());
    advance(ms(200)).await;
    for answer in [early.await.unwrap(), shared.await] {
        assert!(matches!(answer, Err(AskError::Deadline { after, .. }) if after == ms(300)));
    }
    assert_eq!(began.elapsed(), ms(300));

    // Holds also for a deadline that is set while others wait.
    let shared = oracle.promise().reply().await.unwrap().shared();
    let waits = tokio::spawn(shared.clone());
    yield_now().await;
    let began = Instant::now();
    let _shared = shared.timeout(ms(500));
    let late = waits.await.unwrap();
    assert!(matches!(late, Err(AskError::Deadline { after, .. }) if after == ms(500)));
    assert_eq!(began.elapsed(), ms(500));
}

#[support::test]
async fn it_is_given_up_with_its_last_clone() {
    let system = System::new("shared");
    let (oracle, mut promises) = oracle(&system);
    let mut shared = oracle.promise().reply().await.unwrap().shared();
    assert!(poll_once(&mut shared).is_pending());
    let clone = shared.clone();
    let end = promises.next().await;
    drop(shared);
    assert!(end.is_wanted());
    drop(clone);
    assert!(!end.is_wanted());
}

#[support::test]
async fn a_panic_in_what_one_runs_leaves_nobody_waiting() {
    let system = System::new("shared");
    let (oracle, mut promises) = oracle(&system);
    let reply = oracle.promise().reply().await.unwrap();
    let shared = reply.map(|_| -> u64 { panic!("no good") }).shared();
    let mut waiting = JoinSet::new();
    for _ in 0..3 {
        waiting.spawn(shared.clone());
    }
    yield_now().await;
    promises.next().await.send(1);
    let mut panics = 0;
    while let Some(ended) = waiting.join_next().await {
        match ended {
            Ok(answer) => assert!(matches!(answer, Err(AskError::NoReply { .. }))),
            Err(error) => panics += u64::from(error.is_panic()),
        }
    }
    assert_eq!(panics, 1);
}

#[support::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_at_once_all_get_it() {
    let system = System::new("shared");
    let (oracle, mut promises) = oracle(&system);
    for round in 0..200 {
        let shared = oracle.promise().reply().await.unwrap().shared();
        let mut waiting = JoinSet::new();
        for n in 0..8 {
            let mut shared = shared.clone();
            waiting.spawn(async move {
                if n % 2 == 0 {
                    // A waiter leaves, and a new one comes.
                    let _ = poll_once(&mut shared);
                    shared = shared.clone();
                }
                shared.await
            });
        }
        promises.next().await.send(round);
        assert_eq!(waiting.join_all().await, vec![Ok(round); 8]);
    }
}
