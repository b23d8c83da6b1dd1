//! Deadlines end asks, and an asker that goes cancels its request.

use std::time::Duration;

use conclib_core::{AskError, Delivery};

use super::{Stage, SubjectCalls, ask};

/// Time of an ask that is to end by its deadline. On real time the check waits for it.
const SHORT: Duration = Duration::from_millis(200);

/// An ask whose handler hangs.
pub async fn an_ask_ends_by_its_deadline(at: &mut Stage) {
    let error = at.subject.hold(1).timeout(SHORT).await.unwrap_err();
    let AskError::Deadline {
        after, delivery, ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((after, delivery), (SHORT, Delivery::MayHaveRun));
    at.probe.let_go(1);
    assert_eq!(at.subject.double(1).await, Ok(2));
}

/// The time in the mailbox counts, and a request that is late is not handled.
pub async fn a_request_that_is_late_in_the_mailbox_is_not_handled(at: &mut Stage) {
    let first = ask(at.subject.hold(1).owned());
    at.probe.has_begun(1).await;
    // The second one is later than the first at both ends, however long its way is.
    for n in 2..4 {
        let late = at.subject.note(n, String::new()).timeout(SHORT).await;
        assert!(matches!(late, Err(AskError::Deadline { .. })), "{late:?}");
    }
    at.subject.note(4, String::new()).tell().await.unwrap();
    at.probe.let_go(1);
    assert_eq!(first.await.unwrap(), Ok(1));
    let record = at.probe.until(|record| record.done.contains(&4)).await;
    assert!(!record.begun.contains(&2), "{record:?}");
}

/// A request that is given no time at all is not sent.
pub async fn an_ask_without_time_is_not_sent(at: &mut Stage) {
    let error = at.subject.note(1, String::new()).timeout(Duration::ZERO);
    let error = error.await.unwrap_err();
    assert!(matches!(error, AskError::Deadline { .. }), "{error}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    at.subject.note(2, String::new()).await.unwrap();
    assert_eq!(at.probe.record().done, [2]);
}

/// A handler hears that its asker has gone.
pub async fn a_handler_hears_that_its_asker_has_gone(at: &mut Stage) {
    let asking = ask(at.subject.until_left(1).owned());
    at.probe.has_begun(1).await;
    asking.abort();
    at.probe.until(|record| record.left == 1).await;
    // So does a reply that a handler has deferred.
    let asking = ask(at.subject.later(2).owned());
    at.probe.has_begun(2).await;
    asking.abort();
    for mut reply in at.probe.replies() {
        reply.closed().await;
        assert!(!reply.is_wanted());
    }
}

/// A request whose asker has gone is skipped when its turn comes.
pub async fn a_request_whose_asker_has_gone_is_skipped(at: &mut Stage) {
    let first = ask(at.subject.hold(1).owned());
    at.probe.has_begun(1).await;
    let skipped = ask(at.subject.hold(2).owned());
    at.subject.note(3, String::new()).tell().await.unwrap();
    skipped.abort();
    assert!(skipped.await.is_err());
    // The cancellation leaves before this does.
    at.subject.note(4, String::new()).tell().await.unwrap();
    at.probe.let_go(1);
    assert_eq!(first.await.unwrap(), Ok(1));
    let record = at.probe.until(|record| record.done.contains(&4)).await;
    assert_eq!(record.begun, [1, 3, 4]);
}
