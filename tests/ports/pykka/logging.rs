//! test_logging.py. Logs are captured per thread, so these actors are tasks of
//! the test itself.

use conclib::prelude::*;
use tracing::Level;

use super::at::Outside;
use super::clerk::{Clerk, ClerkCalls, Plan};
use support::capture::{capture, of};

/// Lines logged until an actor has ended.
async fn logged(plan: Plan, level: Level, fail: bool) -> Vec<String> {
    let (log, _capture) = capture();
    let system = System::new("pykka");
    let clerk = system.actor(Clerk(plan)).urn("clerk").spawn().unwrap();
    if fail {
        clerk.raise().tell().await.unwrap();
    }
    clerk.stop().await;
    of(&log, level)
}

fn is_one_about_clerk(lines: &[String], text: &str) {
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("clerk") && lines[0].contains(text),
        "{lines:?}"
    );
}

#[message]
struct Unhandled;

/// Difference: an unexpected message can only come from outside.
#[support::test]
async fn unexpected_messages_are_logged() {
    let system = System::new("pykka");
    let clerk = system.actor(Clerk::default()).urn("clerk").spawn().unwrap();
    let outside = Outside::of(&system).await;
    let (log, _capture) = capture();
    outside.is_unknown("clerk", Unhandled).await;
    let warnings = of(&log, Level::WARN);
    is_one_about_clerk(&warnings, "unexpected message received");
    is_one_about_clerk(&warnings, "request=\"Unhandled\"");
    assert_eq!(clerk.ping().await.unwrap(), "pong");
}

/// Difference: the sender of a tell gets the message back, or no error if it
/// did not wait; the message is logged either way.
#[support::test]
async fn unexpected_messages_that_are_told_are_logged() {
    for waits in [true, false] {
        let system = System::new("pykka");
        let clerk = system.actor(Clerk::default()).urn("clerk").spawn().unwrap();
        let outside = Outside::of(&system).await;
        let (log, _capture) = capture();
        let call = outside.client.ask("clerk", Unhandled);
        if waits {
            let Err(TellError::Failed { error, .. }) = call.tell().await else {
                panic!("it was queued");
            };
            assert!(matches!(error, AskError::NoSuchMessage { .. }), "{error}");
        } else {
            call.try_tell().unwrap();
            // Later messages on the same connection arrive later.
            outside.is_unknown("clerk", Later).await;
        }
        let warnings = of(&log, Level::WARN);
        is_one_about_clerk(&warnings[..1], "unexpected message received");
        is_one_about_clerk(&warnings[..1], "request=\"Unhandled\"");
        assert_eq!(clerk.ping().await.unwrap(), "pong");
    }
}

#[message]
struct Later;

#[support::test]
async fn exception_is_logged_when_returned_to_caller() {
    let system = System::new("pykka");
    let clerk = system.actor(Clerk::default()).urn("clerk").spawn().unwrap();
    clerk.started().await.unwrap();
    let (log, _capture) = capture();
    assert!(clerk.raise().await.is_err());
    is_one_about_clerk(&of(&log, Level::INFO), "raise");
    assert_eq!(log.lines().len(), 1);
}

#[support::test]
async fn exception_is_logged_when_not_reply_requested() {
    let errors = logged(Plan::default(), Level::ERROR, true).await;
    is_one_about_clerk(&errors, "foo");
}

/// Difference: the error belongs to one actor, and ends no other.
#[support::test]
async fn base_exception_is_logged() {
    let (log, _capture) = capture();
    let system = System::new("pykka");
    let clerk = system.actor(Clerk::default()).urn("clerk").spawn().unwrap();
    clerk.explode().tell().await.unwrap();
    clerk.stopped().await;
    is_one_about_clerk(&of(&log, Level::ERROR), "no way on");
}

#[support::test]
async fn exception_in_on_start_is_logged() {
    let errors = logged(Plan::failing_in("start"), Level::ERROR, false).await;
    is_one_about_clerk(&errors, "start failure");
}

#[support::test]
async fn exception_in_on_stop_is_logged() {
    let errors = logged(Plan::failing_in("stop"), Level::ERROR, false).await;
    is_one_about_clerk(&errors, "stop failure");
}

#[support::test]
async fn exception_in_on_failure_is_logged() {
    let errors = logged(Plan::failing_in("failure"), Level::ERROR, true).await;
    assert_eq!(errors.len(), 2, "{errors:?}");
    is_one_about_clerk(&errors[..1], "foo");
    is_one_about_clerk(&errors[1..], "failure failure");
}
