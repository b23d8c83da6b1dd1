//! Tells: the sender hears that its message is queued, or gets it back.

use std::time::Duration;

use conclib_core::wire::{
    Answered, Answerer, DeliveryClass, Envelope, Failure, ResponseKind, SendRefused, Wants,
};
use conclib_core::{ActorRef, AskError, Delivery, TellError};
use tokio::sync::oneshot;

use super::{Stage, SubjectCalls, SubjectHold, ask};
use crate::conformance::subject::Subject;

/// A tell resolves while the turn before it still runs.
pub async fn a_tell_resolves_once_it_is_queued(at: &mut Stage) {
    let first = ask(at.subject.hold(1).owned());
    at.probe.has_begun(1).await;
    at.subject.note(2, String::new()).tell().await.unwrap();
    assert!(at.probe.record().done.is_empty());
    at.probe.let_go(1);
    assert_eq!(first.await.unwrap(), Ok(1));
    at.probe.until(|record| record.done == [1, 2]).await;
}

/// A tell that fails gives the message back, and says if it may have arrived.
pub async fn a_tell_that_fails_gives_its_message_back(at: &mut Stage) {
    let missing: ActorRef<Subject> = at.far("nobody");
    let failed = missing.note(1, "back".into()).tell().await.unwrap_err();
    let TellError::Failed { error, message } = failed else {
        panic!("{failed}");
    };
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!((message.n, &*message.body), (1, "back"));
}

/// An error or a panic of a told handler harms no later message.
pub async fn a_told_error_ends_nothing(at: &mut Stage) {
    at.subject.refuse("no".into()).tell().await.unwrap();
    at.subject.refuse("no".into()).try_tell().unwrap();
    assert_eq!(at.subject.double(2).await, Ok(4));
}

/// Sends `hold` with its number by the outlet, and returns the answer to come.
async fn tell_and_wait(
    at: &Stage,
    wants: Wants,
    n: u64,
) -> oneshot::Receiver<Result<ResponseKind, Failure>> {
    let outlet = at.link().outlet();
    let (sender, answer) = oneshot::channel();
    let mut answerer = Answerer::new(move |answered: Result<Answered<'_>, Failure>| {
        let _ = sender.send(answered.map(|answered| answered.response.kind));
    });
    let codec = outlet.codec();
    let message = SubjectHold { n };
    let mut body = Vec::new();
    codec.encode(&message, &mut body).unwrap();
    let envelope = Envelope {
        id: outlet.next_id(),
        to: "subject",
        message: "hold",
        timeout: Duration::from_secs(60),
        trace: "",
        codec,
        fingerprint: 0,
        wants,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: &body,
    };
    while let Err((refused, back)) = outlet.send(&envelope, answerer) {
        assert_eq!(refused, SendRefused::Busy);
        outlet.room("subject").await.unwrap();
        answerer = back;
    }
    answer
}

/// A sender that waits for the turn hears when it is over, and one that waits for the mailbox
/// before.
pub async fn a_tell_is_confirmed_when_it_is_handled(at: &mut Stage) {
    let mut handled = tell_and_wait(at, Wants::Handled, 1).await;
    at.probe.has_begun(1).await;
    let queued = tell_and_wait(at, Wants::Queued, 2).await;
    assert_eq!(queued.await.unwrap(), Ok(ResponseKind::Queued));
    assert!(handled.try_recv().is_err(), "the turn is not over");
    at.probe.let_go(1);
    assert_eq!(handled.await.unwrap(), Ok(ResponseKind::Handled));
}

/// A sender that waits for a turn that is ended gets a failure.
pub async fn a_tell_whose_turn_is_ended_fails(at: &mut Stage) {
    let killed = tell_and_wait(at, Wants::Handled, 3).await;
    at.probe.has_begun(3).await;
    at.local.kill().await;
    let failure = killed.await.unwrap();
    assert!(
        matches!(failure, Err(_) | Ok(ResponseKind::Failure)),
        "{failure:?}"
    );
}

/// A message that is to be delivered at least once is handled, or refused before it is sent.
pub async fn a_durable_message_is_handled_or_refused(at: &mut Stage) {
    let durable = at.subject.note(1, String::new()).durable().await;
    if at.supports.at_least_once {
        assert_eq!(durable, Ok(1));
    } else {
        let error = durable.unwrap_err();
        assert!(matches!(error, AskError::Unsupported { .. }), "{error}");
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        at.subject.note(2, String::new()).await.unwrap();
        assert_eq!(at.probe.record().done, [2]);
    }
}
