//! Each asker gets its own answer, and messages of one sender keep their order.

use std::future::IntoFuture;

use tokio::task::JoinSet;

use super::{Stage, SubjectCalls, SubjectDouble, SubjectNote, ask};

/// Two thousand asks at once.
pub async fn each_of_2000_askers_gets_its_own_answer(at: &mut Stage) {
    let mut askers = JoinSet::new();
    for n in 0..2000 {
        let asking = at.subject.ask(SubjectDouble { n }).owned().into_future();
        askers.spawn(async move { (n, asking.await) });
    }
    while let Some(asker) = askers.join_next().await {
        let (n, answer) = asker.unwrap();
        assert_eq!(answer, Ok(2 * n));
    }
}

/// Answers that come in another order than the asks.
pub async fn answers_out_of_order_reach_their_askers(at: &mut Stage) {
    let asks: Vec<_> = (0..100).map(|n| ask(at.subject.later(n).owned())).collect();
    let record = at.probe.until(|record| record.begun.len() == 100).await;
    let replies = record.begun.into_iter().zip(at.probe.replies());
    for (n, reply) in replies.collect::<Vec<_>>().into_iter().rev() {
        reply.send(1000 + n);
    }
    for (n, asking) in (0..).zip(asks) {
        assert_eq!(asking.await.unwrap(), Ok(1000 + n));
    }
}

/// A thousand messages of one sender: tells that wait, tells that do not, and asks.
pub async fn messages_of_one_sender_arrive_in_order(at: &mut Stage) {
    let mut asks = Vec::new();
    for n in 0..999 {
        let note = || at.subject.note(n, String::new());
        match n % 3 {
            0 => note().tell().await.unwrap(),
            1 => asks.push(note().reply().await.unwrap()),
            _ => note().try_tell().unwrap(),
        }
    }
    for asking in asks {
        asking.await.unwrap();
    }
    let record = at.probe.until(|record| record.done.len() == 999).await;
    assert!(record.done.is_sorted(), "{:?}", record.done);
}

/// Messages of 100 KiB between small ones, all sent at once.
pub async fn large_bodies_keep_their_place_in_the_order(at: &mut Stage) {
    let mut asks = Vec::new();
    for n in 0..30 {
        let body = "x".repeat(if n % 5 == 0 { 100 * 1024 } else { 10 });
        asks.push(at.subject.note(n, body).reply().await.unwrap());
    }
    for (n, asking) in (0..).zip(asks) {
        assert_eq!(asking.await, Ok(n));
    }
    assert!(at.probe.record().done.is_sorted());
}

/// Messages of two clients, each in its order.
pub async fn each_of_two_clients_is_served_in_its_order(at: &mut Stage) {
    let other = at.another_client().await;
    let mut senders = JoinSet::new();
    for (base, subject) in [(0, at.subject.clone()), (1000, other)] {
        senders.spawn(async move {
            for n in base..base + 300 {
                let note = SubjectNote {
                    n,
                    body: String::new(),
                };
                subject.ask(note).tell().await.unwrap();
            }
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    let record = at.probe.until(|record| record.done.len() == 600).await;
    let (first, second): (Vec<u64>, _) = record.done.into_iter().partition(|n| *n < 1000);
    assert!(first.is_sorted() && second.is_sorted());
}
