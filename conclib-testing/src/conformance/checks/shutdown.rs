//! The end of a served system, and of its broker.

use super::{Stage, SubjectCalls, ask};

/// A shutdown handles the messages in the mailboxes, and their answers still reach the client.
pub async fn a_shutdown_answers_the_asks_in_the_mailboxes(at: &mut Stage) {
    let asks: Vec<_> = (0..20).map(|n| ask(at.subject.hold(n).owned())).collect();
    at.subject.note(99, String::new()).tell().await.unwrap();
    at.attach();
    let shutdown = tokio::spawn(at.system.shutdown().into_future());
    at.probe.open();
    for (n, asking) in (0..).zip(asks) {
        assert_eq!(asking.await.unwrap(), Ok(n));
    }
    shutdown.await.unwrap();
}

/// A deferred reply of an actor that has ended is still sent.
pub async fn a_reply_that_outlives_its_actor_is_sent(at: &mut Stage) {
    let asking = ask(at.subject.later(1).owned());
    at.probe.has_begun(1).await;
    at.local.stop().await;
    for reply in at.probe.replies() {
        reply.send(7);
    }
    assert_eq!(asking.await.unwrap(), Ok(7));
}

/// A request after the shutdown is refused, or has no connection; its handler does not run. A client
/// that has not heard of the end cannot know that.
pub async fn a_request_after_the_shutdown_is_not_handled(at: &mut Stage) {
    at.attach();
    at.system.shutdown().await;
    let late = at.subject.note(1, String::new());
    let late = late.timeout(std::time::Duration::from_millis(200)).await;
    assert!(late.is_err(), "{late:?}");
    assert!(at.probe.record().begun.is_empty());
}

/// A broker that is closed ends the asks under way.
pub async fn a_broker_that_closes_ends_the_asks_under_way(at: &mut Stage) {
    let asking = ask(at.subject.until_left(1).owned());
    at.probe.has_begun(1).await;
    let broker = at.broker().clone();
    broker.refuse_new();
    broker.close().await;
    // Idempotent.
    broker.close().await;
    let answer = asking.await.unwrap();
    assert!(super::may_have_run(&answer), "{answer:?}");
    at.probe.until(|record| record.left == 1).await;
}
