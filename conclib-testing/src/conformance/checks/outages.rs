//! A client whose connection is lost connects again by itself.

use conclib_core::AskError;

use super::{Stage, SubjectCalls, SubjectNote, ask};

/// An ask during an outage is sent once there is a connection.
pub async fn an_ask_waits_for_the_next_connection(at: &mut Stage) {
    for n in 0..3 {
        assert_eq!(at.subject.double(n).await, Ok(2 * n));
        at.link().cut().await;
        let outlet = at.link().outlet();
        assert!(outlet.outage().is_some(), "the client does not know of it");
        let asking = ask(at.subject.note(n, String::new()).owned());
        at.link().restore().await;
        assert_eq!(asking.await.unwrap(), Ok(n));
    }
    assert_eq!(at.probe.record().done, [0, 1, 2]);
}

/// An ask that waits for a connection ends by its deadline, and is not handled.
pub async fn an_ask_without_a_connection_ends_by_its_deadline(at: &mut Stage) {
    at.link().cut().await;
    let short = std::time::Duration::from_millis(200);
    let error = at.subject.note(1, String::new()).timeout(short).await;
    assert!(super::did_not_run(&error), "{error:?}");
    at.link().restore().await;
    assert_eq!(at.subject.note(2, String::new()).await, Ok(2));
    assert_eq!(at.probe.record().done, [2]);
}

/// A server that is started again serves the clients of the former one.
pub async fn a_server_that_comes_back_serves_its_former_clients(at: &mut Stage) {
    let other = at.another_client().await;
    at.kill_server();
    at.serve_again().await;
    for client in [at.subject.clone(), other] {
        let mut answer = client.double(3).await;
        // A request that was sent before the client knew of the loss fails.
        while matches!(answer, Err(AskError::Disconnected { .. })) {
            answer = client.double(3).await;
        }
        assert_eq!(answer, Ok(6));
    }
}

/// The loss of one connection is none of another client's.
pub async fn a_lost_connection_is_one_client_s_alone(at: &mut Stage) {
    let other = at.another_client().await;
    let asking = other.ask(SubjectNote {
        n: 1,
        body: "x".into(),
    });
    let others = other.hold(7);
    let holding = ask(others.owned());
    at.probe.has_begun(7).await;
    at.link().cut().await;
    at.probe.let_go(1);
    assert_eq!(holding.await.unwrap(), Ok(7));
    assert_eq!(asking.await, Ok(1));
}
