//! Combined replies: lazy, run once, and with one deadline for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use conclib::prelude::*;
use support::oracle::{Oracle, OracleCalls, oracle};
use support::{NoGood, poll_once};
use tokio::time::{Instant, advance};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Replies that come after the given times in milliseconds.
async fn after(oracle: &ActorRef<Oracle>, times: &[u64]) -> Vec<Reply<u64, NoGood>> {
    let mut replies = Vec::new();
    for time in times {
        replies.push(oracle.after(*time).reply().await.unwrap());
    }
    replies
}

#[support::test]
async fn the_numbers_of_pykka() {
    let system = System::new("replies");
    let (oracle, _) = oracle(&system);

    let thirty = oracle.echo(30).reply().await.unwrap();
    assert_eq!(thirty.map(|n| n + 10).await, Ok(40));

    let items = oracle.range(5, 15).reply().await.unwrap();
    let large = items.filter(|n| *n > 10).await;
    assert_eq!(large, Ok(vec![11, 12, 13, 14]));

    let items = oracle.range(1, 4).reply().await.unwrap();
    assert_eq!(items.reduce(5, |sum, n| sum + n).await, Ok(11));
    let none = oracle.range(1, 1).reply().await.unwrap();
    assert_eq!(none.reduce(5, |sum, n| sum + n).await, Ok(5));

    let text = oracle.text("abc".to_owned()).reply().await.unwrap();
    let number = oracle.echo(123).reply().await.unwrap();
    let third = oracle.echo(0).reply().await.unwrap().map(|n| n > 0);
    let joined = text.zip(number).zip(third).await.unwrap();
    assert_eq!(joined, (("abc".to_owned(), 123), false));
}

#[support::test]
async fn a_closure_runs_once_and_only_when_the_reply_is_picked_up() {
    let system = System::new("replies");
    let (oracle, _) = oracle(&system);
    let runs = Arc::new(AtomicU64::new(0));
    let counted = || {
        let runs = runs.clone();
        move |n: u64| runs.fetch_add(1, Ordering::Relaxed) + n
    };

    let mapped = oracle.echo(1).reply().await.unwrap().map(counted());
    // The message behind it was answered, so it was handled too.
    oracle.echo(2).await.unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    let mut mapped = mapped.map(|n| n * 100);
    assert_eq!((&mut mapped).await, Ok(100));
    assert!(poll_once(&mut mapped).is_pending(), "it came once");
    assert_eq!(runs.load(Ordering::Relaxed), 1);

    let failed = oracle.fail("so".to_owned()).reply().await.unwrap();
    let error = AskError::Handler(NoGood("so".to_owned()));
    assert_eq!(failed.map(counted()).await, Err(error));
    drop(oracle.echo(1).reply().await.unwrap().map(counted()));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[support::test]
async fn of_two_either_may_come_first() {
    let system = System::new("replies");
    let (oracle, mut promises) = oracle(&system);
    for left_first in [true, false] {
        let left = oracle.promise().reply().await.unwrap();
        let right = oracle.promise().reply().await.unwrap();
        let mut ends = [(1, promises.next().await), (2, promises.next().await)];
        if !left_first {
            ends.reverse();
        }
        let mut both = left.zip(right);
        for (n, end) in ends {
            assert!(poll_once(&mut both).is_pending());
            end.send(n);
        }
        assert_eq!(both.await, Ok((1, 2)));
    }
}

#[support::test]
async fn the_first_error_ends_it_and_the_others_are_given_up() {
    let system = System::new("replies");
    let (oracle, mut promises) = oracle(&system);
    let error = || AskError::Handler(NoGood("no".to_owned()));

    let left = oracle.promise().reply().await.unwrap();
    let right = oracle.promise().reply().await.unwrap();
    let (first, second) = (promises.next().await, promises.next().await);
    let mut both = left.zip(right);
    assert!(poll_once(&mut both).is_pending());
    second.fail(NoGood("no".to_owned()));
    assert_eq!((&mut both).await, Err(error()));
    assert!(!first.is_wanted());

    let mut replies = Vec::new();
    let mut ends = Vec::new();
    for _ in 0..5 {
        replies.push(oracle.promise().reply().await.unwrap());
        ends.push(promises.next().await);
    }
    let mut all = Reply::join_all(replies);
    assert!(poll_once(&mut all).is_pending());
    ends.remove(1).send(1);
    ends.remove(2).fail(NoGood("no".to_owned()));
    assert_eq!((&mut all).await, Err(error()));
    assert!(ends.iter().all(|end| !end.is_wanted()));
}

#[support::test]
async fn all_are_joined_in_the_order_in_which_they_were_given() {
    let system = System::new("replies");
    let (oracle, mut promises) = oracle(&system);
    let mut replies = Vec::new();
    let mut ends = Vec::new();
    for _ in 0..100 {
        replies.push(oracle.promise().reply().await.unwrap());
        ends.push(promises.next().await);
    }
    let all = tokio::spawn(Reply::join_all(replies));
    for n in (0..100).rev() {
        ends.pop().unwrap().send(n);
        tokio::task::yield_now().await;
    }
    assert_eq!(all.await.unwrap(), Ok((0..100).collect()));
    let none: [Reply<u64>; 0] = [];
    assert_eq!(Reply::join_all(none).await, Ok(vec![]));
}

#[support::test(start_paused = true)]
async fn one_deadline_bounds_the_whole() {
    let system = System::new("replies");
    let (oracle, _) = oracle(&system);
    let began = Instant::now();
    let staggered = after(&oracle, &[250, 500, 750]).await;
    let error = Reply::join_all(staggered).timeout(ms(300)).await;
    assert_eq!(began.elapsed(), ms(300));
    let late = || AskError::Deadline {
        urn: oracle.urn(),
        after: ms(300),
        delivery: Delivery::MayHaveRun,
    };
    assert_eq!(error, Err(late()));

    let began = Instant::now();
    let mut both = after(&oracle, &[250, 500]).await.into_iter();
    let both = both.next().unwrap().zip(both.next().unwrap());
    let error = both.map(|(a, b)| a + b).timeout(ms(300)).await;
    assert_eq!(error, Err(late()));
    assert_eq!(began.elapsed(), ms(300));

    let all = Reply::join_all(after(&oracle, &[250, 100, 299]).await);
    assert_eq!(all.timeout(ms(300)).await, Ok(vec![250, 100, 299]));
}

#[support::test(start_paused = true)]
async fn the_deadlines_that_the_parts_have_hold_beside_it() {
    let system = System::new("replies");
    let (oracle, _) = oracle(&system);
    let began = Instant::now();
    let mut replies = after(&oracle, &[100]).await;
    let short = oracle.after(500).timeout(ms(200)).reply().await.unwrap();
    replies.push(short.map(|n| n));
    let error = Reply::join_all(replies).timeout(ms(400)).await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { after, .. } if after == ms(200)));
    assert_eq!(began.elapsed(), ms(200));

    // The deadline of a combined reply inside another one.
    let began = Instant::now();
    let inner = Reply::join_all(after(&oracle, &[250, 500]).await).timeout(ms(300));
    let error = inner.map(|all| all.len()).timeout(ms(400)).await;
    assert!(matches!(error, Err(AskError::Deadline { after, .. }) if after == ms(300)));
    assert_eq!(began.elapsed(), ms(300));
}

#[support::test(start_paused = true)]
async fn the_time_of_a_call_counts_from_when_it_was_sent() {
    let system = System::new("replies");
    let (oracle, _promises) = oracle(&system);
    let began = Instant::now();
    let reply = oracle.promise().timeout(ms(400)).reply().await.unwrap();
    advance(ms(300)).await;
    let error = reply.await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { after, .. } if after == ms(400)));
    assert_eq!(began.elapsed(), ms(400));
}

#[support::test]
async fn dropped_it_gives_up_what_it_is_made_of() {
    let system = System::new("replies");
    let (oracle, mut promises) = oracle(&system);
    let mut replies = Vec::new();
    for _ in 0..4 {
        replies.push(oracle.promise().reply().await.unwrap());
    }
    let last = replies.pop().unwrap();
    let whole = Reply::join_all(replies).map(|all| all.len()).zip(last);
    let mut ends = Vec::new();
    for _ in 0..4 {
        ends.push(promises.next().await);
    }
    assert!(ends.iter().all(ReplyTo::is_wanted));
    drop(whole);
    assert!(!ends.iter().any(ReplyTo::is_wanted));
}

#[support::test]
async fn other_tasks_go_on_while_one_waits() {
    let system = System::new("replies");
    let (oracle, mut promises) = oracle(&system);
    let reply = oracle.promise().reply().await.unwrap();
    let end = promises.next().await;
    // Only a concurrent task can end the wait.
    let (answer, ()) = tokio::join!(reply, async move {
        tokio::task::yield_now().await;
        end.send(1);
    });
    assert_eq!(answer, Ok(1));
}

#[support::test]
fn a_reply_can_be_moved_and_shared_whatever_it_is_made_of() {
    fn both<T: Send + Sync>() {}
    both::<Reply<Vec<u64>, NoGood>>();
    both::<SharedReply<u64>>();
    both::<ReplyGroup<u64>>();
}
