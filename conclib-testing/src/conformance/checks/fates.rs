//! Every ask ends: in a reply, in the handler's error, or in a failure that says if the handler may
//! have run.

use std::time::Duration;

use conclib_core::{ActorRef, AskError, StopReason};
use tokio::task::JoinSet;

use super::{
    Probe, Refusal, Stage, SubjectCalls, SubjectHold, SubjectNote, Undeclared, ask, did_not_run,
    may_have_run,
};
use crate::conformance::subject::Subject;

/// A reply, a typed error, a panic, a dropped reply, a missing actor, a missing message.
pub async fn an_ask_ends_in_a_reply_an_error_or_a_failure(at: &mut Stage) {
    assert_eq!(at.subject.double(4).await, Ok(8));
    let refused = at.subject.refuse("no".into()).await;
    assert_eq!(refused, Err(AskError::Handler(Refusal("no".into()))));

    let asking = ask(at.subject.later(1).owned());
    at.probe.has_begun(1).await;
    drop(at.probe.replies());
    let dropped = asking.await.unwrap();
    assert!(
        matches!(dropped, Err(AskError::NoReply { .. })),
        "{dropped:?}"
    );

    let missing: ActorRef<Subject> = at.far("nobody");
    let error = missing.double(1).await.unwrap_err();
    assert!(matches!(error, AskError::NoSuchActor { .. }), "{error}");
    let remote = conclib_core::wire::Remote::new(at.link().outlet(), Ok(at.subject.urn()));
    let error = conclib_core::Call::new(remote, Undeclared)
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::NoSuchMessage { .. }), "{error}");

    at.probe.let_go(1);
    let panicked = at.subject.explode(2).await;
    assert!(may_have_run(&panicked), "{panicked:?}");
    let Err(AskError::Panicked { urn, fault }) = panicked else {
        panic!("{panicked:?}");
    };
    assert_eq!(urn, "subject");
    assert!(fault.to_string().contains("boom"), "{fault}");
    at.local.stopped().await;
    assert!(did_not_run(&at.subject.double(1).await));
}

/// Asks three times: the first has its turn, and the others wait in the mailbox.
async fn under_way(probe: &Probe, subject: &ActorRef<Subject>) -> Vec<super::Asking<SubjectHold>> {
    let mut asks = vec![ask(subject.hold(0).owned())];
    probe.has_begun(0).await;
    asks.extend((1..3).map(|n| ask(subject.hold(n).owned())));
    // Messages of one sender keep their order: the asks are in the mailbox before this is.
    subject.note(9, String::new()).tell().await.unwrap();
    asks
}

/// The ask whose turn runs may have run; those in the mailbox did not.
pub async fn a_kill_of_the_actor_ends_its_asks(at: &mut Stage) {
    let asks = under_way(&at.probe, &at.subject).await;
    assert_eq!(at.local.kill().await, StopReason::Killed);
    for (n, asking) in asks.into_iter().enumerate() {
        let answer = asking.await.unwrap();
        assert!(
            matches!(answer, Err(AskError::Stopped { .. })),
            "{answer:?}"
        );
        assert_eq!(may_have_run(&answer), n == 0, "{answer:?}");
    }
    assert_eq!(at.probe.record().begun, [0]);
}

/// A stop handles the messages in the mailbox, and refuses those that come later.
pub async fn a_stop_of_the_actor_answers_the_asks_in_its_mailbox(at: &mut Stage) {
    let asks = under_way(&at.probe, &at.subject).await;
    let stopping = at.local.stop();
    at.probe.open();
    assert_eq!(stopping.await, StopReason::Stopped);
    for (n, asking) in (0..).zip(asks) {
        assert_eq!(asking.await.unwrap(), Ok(n));
    }
    let late = at.subject.double(1).await;
    assert!(did_not_run(&late), "{late:?}");
}

/// The message that panics may have run; those in the mailbox did not.
pub async fn a_panic_of_the_actor_ends_its_asks(at: &mut Stage) {
    let panics = ask(at.subject.explode(0).owned());
    at.probe.has_begun(0).await;
    let asks: Vec<_> = (1..3).map(|n| ask(at.subject.hold(n).owned())).collect();
    at.subject.note(9, String::new()).tell().await.unwrap();
    at.probe.let_go(1);
    let panicked = panics.await.unwrap();
    assert!(
        matches!(panicked, Err(AskError::Panicked { .. })),
        "{panicked:?}"
    );
    for asking in asks {
        let answer = asking.await.unwrap();
        assert!(did_not_run(&answer), "{answer:?}");
    }
    assert_eq!(at.probe.record().begun, [0]);
}

/// A connection that is cut ends the asks under way at once, and cancels them at the other end.
pub async fn a_lost_connection_ends_the_asks_under_way(at: &mut Stage) {
    let gone = ask(at.subject.until_left(1).owned());
    at.probe.has_begun(1).await;
    let queued = ask(at.subject.hold(2).owned());
    at.subject.note(9, String::new()).tell().await.unwrap();
    at.link().cut().await;
    for answer in [gone.await.unwrap(), queued.await.unwrap()] {
        assert!(
            matches!(answer, Err(AskError::Disconnected { .. })),
            "{answer:?}"
        );
        assert!(may_have_run(&answer), "{answer:?}");
    }
    let record = at.probe.until(|record| record.done.contains(&9)).await;
    assert_eq!((record.left, record.begun), (1, vec![1, 9]));
}

/// A client that is closed ends its own asks, and no others.
pub async fn a_client_that_closes_ends_its_own_asks(at: &mut Stage) {
    let other = at.another_client().await;
    let own = ask(at.subject.until_left(1).owned());
    at.probe.has_begun(1).await;
    let others = ask(other.hold(2).owned());
    other.note(9, String::new()).tell().await.unwrap();
    at.link().close().await;
    let answer = own.await.unwrap();
    assert!(may_have_run(&answer), "{answer:?}");
    at.probe.let_go(1);
    assert_eq!(others.await.unwrap(), Ok(2));
    assert_eq!(at.probe.record().left, 1);
    assert!(did_not_run(&at.subject.double(1).await));
}

/// A server that dies ends the asks of all clients.
pub async fn a_server_that_dies_ends_all_asks(at: &mut Stage) {
    let (second, other) = at.another("second", 8);
    let client = at.another_client().await;
    let asks = [
        ask(at.subject.hold(1).owned()),
        ask(other.hold(2).owned()),
        ask(client.hold(3).owned()),
    ];
    at.probe.until(|record| record.begun.len() == 1).await;
    second.has_begun(2).await;
    client.note(4, String::new()).tell().await.unwrap();
    at.kill_server();
    for asking in asks {
        let answer = asking.await.unwrap();
        assert!(
            matches!(answer, Err(AskError::Disconnected { .. })),
            "{answer:?}"
        );
        assert!(may_have_run(&answer), "{answer:?}");
    }
    second.open();
}

/// Something that ends asks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Disturbance {
    Kill,
    Stop,
    Cut,
    ServerDies,
}

/// Of asks in disturbed times, those that are answered were handled once, those that are said not
/// to be delivered were never handled, and the others were handled once at most.
pub async fn no_ask_is_handled_twice_or_answered_falsely(at: &mut Stage) {
    let disturbances = [
        Disturbance::Kill,
        Disturbance::Stop,
        Disturbance::Cut,
        Disturbance::ServerDies,
    ];
    for disturbance in disturbances {
        let urn = format!("{disturbance:?}");
        let (probe, subject) = at.another(&urn, 1024);
        let local: ActorRef<Subject> = at.system.get(&urn).unwrap();
        let mut asks = JoinSet::new();
        for n in 0..200 {
            let asking = subject.ask(SubjectNote {
                n,
                body: "x".repeat(100),
            });
            // A request that finds no connection waits for one until then.
            let asking = asking.timeout(Duration::from_secs(1)).owned().into_future();
            asks.spawn(async move { (n, asking.await) });
        }
        let mut answers = Vec::new();
        let some_are_done = probe.until(|record| record.done.len() >= 20);
        // On a machine that stood still, the time of all asks may be over before.
        let all_have_ended = async {
            while let Some(ended) = asks.join_next().await {
                answers.push(ended.unwrap());
            }
        };
        tokio::select! {
            _ = some_are_done => {}
            () = all_have_ended => {}
        }
        match disturbance {
            Disturbance::Kill => drop(local.kill().await),
            Disturbance::Stop => drop(local.stop().await),
            Disturbance::Cut => at.link().cut().await,
            Disturbance::ServerDies => at.kill_server(),
        }
        while let Some(ended) = asks.join_next().await {
            answers.push(ended.unwrap());
        }
        local.stop().await;
        let done = probe.record().done;
        for (n, answer) in answers {
            let times = done.iter().filter(|done| **done == n).count();
            let is_good = match &answer {
                Ok(reply) => *reply == n && times >= 1,
                answer if did_not_run(answer) => times == 0,
                _ => true,
            };
            assert!(
                is_good,
                "{disturbance:?}: {n} ran {times} times: {answer:?}"
            );
            assert!(
                times <= 1 || at.supports.at_least_once,
                "{disturbance:?}: {n}"
            );
        }
        match disturbance {
            Disturbance::Cut if at.supports.reconnect => at.link().restore().await,
            // Without a connection there is nothing more to disturb.
            Disturbance::Cut => return,
            _ => {}
        }
    }
}
