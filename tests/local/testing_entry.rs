//! Test kit: the system of a `#[conclib::test]`, and its end.

use std::cell::RefCell;
use std::panic::catch_unwind;

use conclib::prelude::*;
use support::Log;

/// Logs the reason of its end.
#[actor]
struct Guest(Log);

#[actor]
impl Guest {
    #[on(stop)]
    fn stop(&mut self, reason: &StopReason) {
        self.0.add(reason.to_string());
    }
}

thread_local! {
    /// Guest of the test that ran last on this thread.
    static GUEST: RefCell<Option<(ActorRef<Guest>, Log)>> = RefCell::default();
}

async fn invite(system: &System) -> conclib::Result {
    let log = Log::default();
    let guest = system.spawn(Guest(log.clone()))?;
    guest.started().await?;
    GUEST.set(Some((guest, log)));
    Ok(())
}

#[conclib::test]
async fn passes(system: System) -> conclib::Result {
    invite(&system).await
}

#[conclib::test]
#[should_panic = "as it says"]
async fn panics(system: System) {
    invite(&system).await.unwrap();
    panic!("as it says");
}

#[track_caller]
fn its_system_was_shut_down() {
    let (guest, log) = GUEST.take().unwrap();
    assert_eq!(guest.state(), Some(State::Stopped));
    assert_eq!(log.lines(), ["its system shut down"]);
}

#[support::test]
fn a_test_that_passes_shuts_its_system_down() {
    passes().unwrap();
    its_system_was_shut_down();
}

#[support::test]
fn a_test_that_panics_shuts_its_system_down() {
    let panic = catch_unwind(panics).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"as it says"));
    its_system_was_shut_down();
}
