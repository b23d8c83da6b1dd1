//! Replies in the order in which they come.

use std::time::Duration;

use conclib::prelude::*;
use support::oracle::{OracleCalls, oracle};
use support::{NoGood, poll_once};
use tokio::time::Instant;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[support::test(start_paused = true)]
async fn they_come_in_the_order_of_their_answers_with_their_keys() {
    let system = System::new("group");
    let (oracle, _) = oracle(&system);
    let mut group = ReplyGroup::new();
    for (key, time) in [("slow", 300), ("fast", 100), ("middle", 200)] {
        group.insert(key, oracle.after(time).reply().await.unwrap());
    }
    let failed = oracle.fail("so".to_owned()).reply().await.unwrap();
    group.insert("failed", failed);
    assert_eq!(group.len(), 4);
    let error = AskError::Handler(NoGood("so".to_owned()));
    assert_eq!(group.next().await, Some(("failed", Err(error))));
    assert_eq!(group.next().await, Some(("fast", Ok(100))));
    // Adds another reply while others are under way.
    group.insert("late", oracle.after(150).reply().await.unwrap());
    assert_eq!(group.next().await, Some(("middle", Ok(200))));
    assert_eq!(group.next().await, Some(("late", Ok(150))));
    assert_eq!(group.next().await, Some(("slow", Ok(300))));
    assert_eq!(group.next().await, None);
    assert!(group.is_empty());
}

#[support::test]
async fn without_keys_they_are_known_by_their_number() {
    let system = System::new("group");
    let (oracle, mut promises) = oracle(&system);
    let mut group = ReplyGroup::new();
    let mut ends = Vec::new();
    for n in 0..5 {
        assert_eq!(group.push(oracle.promise().reply().await.unwrap()), n);
        ends.push(promises.next().await);
    }
    for (n, end) in ends.into_iter().enumerate().rev() {
        end.send(10);
        assert_eq!(group.next().await, Some((n, Ok(10))));
    }
}

#[support::test(start_paused = true)]
async fn one_deadline_ends_all_that_have_not_come() {
    let system = System::new("group");
    let (oracle, mut promises) = oracle(&system);
    let began = Instant::now();
    let mut group = ReplyGroup::new().timeout(ms(300));
    let mut ends = Vec::new();
    for _ in 0..3 {
        group.push(oracle.promise().reply().await.unwrap());
        ends.push(promises.next().await);
    }
    group.push(oracle.after(250).reply().await.unwrap());
    let own = oracle.promise().timeout(ms(100)).reply().await.unwrap();
    let _own = promises.next().await;
    group.push(own);
    let late = |limit| AskError::Deadline {
        urn: oracle.urn(),
        after: limit,
        delivery: Delivery::MayHaveRun,
    };
    assert_eq!(group.next().await, Some((4, Err(late(ms(100))))));
    assert_eq!(began.elapsed(), ms(100));
    assert_eq!(group.next().await, Some((3, Ok(250))));
    for n in 0..3 {
        assert_eq!(group.next().await, Some((n, Err(late(ms(300))))));
        assert_eq!(began.elapsed(), ms(300));
        // All of them are given up at once.
        assert!(!ends.iter().any(ReplyTo::is_wanted));
        assert_eq!((group.len(), group.is_empty()), (2 - n, n == 2));
    }
    assert_eq!(group.next().await, None);

    // An answer that has come is not late, one that comes after the deadline
    // is.
    group.push(oracle.echo(1).reply().await.unwrap());
    group.push(oracle.promise().reply().await.unwrap());
    let end = promises.next().await;
    assert_eq!(group.next().await, Some((5, Ok(1))));
    assert_eq!(group.next().await, Some((6, Err(late(ms(300))))));
    assert!(!end.is_wanted());
}

#[support::test]
async fn dropped_it_gives_up_the_rest() {
    let system = System::new("group");
    let (oracle, mut promises) = oracle(&system);
    let mut group = ReplyGroup::new();
    for _ in 0..2 {
        group.push(oracle.promise().reply().await.unwrap());
    }
    let (first, second) = (promises.next().await, promises.next().await);
    first.send(1);
    assert_eq!(group.next().await, Some((0, Ok(1))));
    assert!(second.is_wanted());
    drop(group);
    assert!(!second.is_wanted());
}

#[support::test]
async fn a_next_that_is_dropped_loses_no_reply() {
    let system = System::new("group");
    let (oracle, mut promises) = oracle(&system);
    let mut group = ReplyGroup::new();
    for n in 0..100 {
        group.push(oracle.promise().reply().await.unwrap());
        {
            let mut next = Box::pin(group.next());
            assert!(poll_once(&mut next).is_pending());
        }
        promises.next().await.send(n);
        let (_, answer) = group.next().await.unwrap();
        assert_eq!(answer, Ok(n));
    }
}
