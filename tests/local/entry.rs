//! `#[conclib::main]` on functions: their place, their system and their result.

use std::process::{ExitCode, Termination as _};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use conclib::prelude::*;

#[actor]
struct Counter(u32);

#[actor]
impl Counter {
    #[message]
    fn get(&self) -> u32 {
        self.0
    }
}

#[conclib::main]
async fn place() -> bool {
    tokio::task::try_id().is_some()
}

#[support::test]
fn the_body_is_a_task_of_the_runtime() {
    assert!(place());
}

#[conclib::main]
async fn place_of_a_body_that_is_not_send() -> bool {
    let here = Rc::new(());
    tokio::task::yield_now().await;
    drop(here);
    tokio::task::try_id().is_some()
}

#[support::test]
fn a_body_that_is_not_send_runs_beside_the_tasks() {
    assert!(!place_of_a_body_that_is_not_send());
}

#[conclib::main]
async fn spawns(system: System) -> conclib::Result<(String, ActorRef<Counter>, u32)> {
    let counter = system.spawn(Counter(7))?;
    let got = counter.get().await?;
    Ok((system.name().to_owned(), counter, got))
}

#[support::test]
fn the_system_has_the_name_of_the_crate_and_is_shut_down_after_the_body() {
    let (name, counter, got) = spawns().unwrap();
    assert_eq!((&*name, got), ("local", 7));
    assert_eq!(counter.state(), Some(State::Stopped));
}

#[conclib::main]
async fn fails(system: System) -> conclib::Result {
    system.actor(Counter(0)).urn("counter").spawn()?;
    system.actor(Counter(1)).urn("counter").spawn()?;
    Ok(())
}

#[support::test]
fn the_result_is_that_of_the_body() {
    let error = fails().unwrap_err();
    assert!(error.to_string().contains("counter"), "{error}");
}

#[conclib::main]
async fn ends_with_a_report(system: System) {
    system.spawn(Counter(0)).unwrap();
    system.shutdown().await
}

#[support::test]
fn a_report_of_a_shutdown_is_a_result() {
    assert_eq!(ends_with_a_report().report(), ExitCode::SUCCESS);
    let mut unclean = conclib::system::ShutdownReport::default();
    unclean.stuck.push(Urn::new("stuck").unwrap());
    assert_eq!(unclean.report(), ExitCode::FAILURE);
}

#[conclib::main]
async fn panics() {
    panic!("as it says");
}

#[support::test]
fn a_panic_of_the_body_is_one_of_the_program() {
    let panic = std::panic::catch_unwind(|| panics().report()).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"as it says"));
}

static HAS_STOPPED: AtomicBool = AtomicBool::new(false);

#[actor]
struct Stops;

#[actor]
impl Stops {
    #[on(stop)]
    fn stop(&mut self) {
        HAS_STOPPED.store(true, Ordering::Relaxed);
    }
}

#[conclib::main]
async fn panics_beside_an_actor(system: System) {
    let actor = system.spawn(Stops).unwrap();
    actor.started().await.unwrap();
    panic!("as it says");
}

#[support::test]
fn the_system_is_shut_down_after_a_panic_of_the_body() {
    let panic = std::panic::catch_unwind(|| panics_beside_an_actor().report()).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"as it says"));
    assert!(HAS_STOPPED.load(Ordering::Relaxed));
}
