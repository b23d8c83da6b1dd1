//! Outside of a runtime there are typed errors. When a runtime is dropped,
//! nothing hangs that waits for its actors.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use conclib::prelude::*;
use support::{Scribe, ScribeCalls, hold, poll_once, scribe};
use tokio::runtime::{Builder, Runtime};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Minimal executor, independent of tokio.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Poller::from_waker(&waker)) {
            return done;
        }
        thread::park();
    }
}

fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    ]
}

#[support::test]
fn spawning_outside_of_a_runtime_is_a_typed_error() {
    let system = System::new("outside");
    let (actor, log) = scribe();
    let error = system.actor(actor).urn("one").spawn().unwrap_err();
    assert_eq!(error, SpawnError::NoRuntime);
    assert!(error.to_string().contains("#[conclib::main]"), "{error}");
    assert_eq!(log.lines(), ["drop"]);
    assert!(system.snapshot().actors.is_empty());
    assert!(system.lookup("one").is_err());
}

#[support::test]
fn an_ask_works_on_any_executor_and_only_its_timeout_needs_the_runtime() {
    let [_, runtime] = runtimes();
    let system = System::new("outside");
    let inside = runtime.enter();
    let scribe = system.actor(scribe().0).mailbox(1).spawn().unwrap();
    drop(inside);
    assert_eq!(block_on(scribe.echo(1).into_future()), Ok(1));
    block_on(scribe.note(1).tell()).unwrap();
    let reply = block_on(scribe.echo(2).reply()).unwrap();
    assert_eq!(block_on(reply), Ok(2));
    block_on(scribe.started()).unwrap();

    let keeper = block_on(hold(&scribe));
    let second = Duration::from_secs(1);
    let error = block_on(scribe.echo(3).timeout(second).into_future()).unwrap_err();
    assert!(matches!(error, AskError::NoRuntime { .. }), "{error}");
    assert!(error.to_string().contains("blocking"), "{error}");
    // The message is in the mailbox all the same, and the error says so.
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
    keeper.open();
    assert_eq!(block_on(scribe.stop()), StopReason::Stopped);
    assert_eq!(block_on(system.shutdown().into_future()).stopped, 0);
}

#[support::test]
fn when_a_runtime_goes_its_actors_are_killed_and_nothing_hangs() {
    for runtime in runtimes() {
        let system = System::new("outside");
        let (actor, log) = scribe();
        let inside = runtime.enter();
        let scribe: ActorRef<Scribe> = system.actor(actor).urn("one").mailbox(2).spawn().unwrap();
        drop(inside);
        let keeper = runtime.block_on(hold(&scribe));
        let queued = block_on(scribe.echo(1).reply()).unwrap();
        block_on(scribe.note(2).tell()).unwrap();
        let mut waiting = scribe.note(3).tell();
        assert!(poll_once(&mut waiting).is_pending());
        let mut events = system.events();

        drop(runtime);
        assert_eq!(block_on(scribe.stopped()), Some(StopReason::Killed));
        assert_eq!(log.lines(), ["start", "drop"]);
        let error = block_on(queued).unwrap_err();
        assert!(matches!(error, AskError::Stopped { .. }));
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        let error = block_on(waiting).unwrap_err();
        assert_eq!(error.into_message().n, 3);
        let error = block_on(scribe.echo(1).into_future()).unwrap_err();
        assert!(matches!(error, AskError::Stopped { .. }));
        assert_eq!(block_on(scribe.stop()), StopReason::Killed);
        assert!(system.lookup("one").is_err());
        block_on(async {
            while let Some(event) = events.next().await {
                if matches!(event, Event::Stopped { .. }) {
                    break;
                }
            }
        });
        assert_eq!(block_on(system.shutdown().into_future()).stopped, 0);
        drop(keeper);
    }
}

#[support::test]
fn an_actor_whose_runtime_goes_before_it_has_begun_ends_too() {
    let [runtime, _] = runtimes();
    let system = System::new("outside");
    let (actor, log) = scribe();
    let inside = runtime.enter();
    let scribe = system.actor(actor).urn("one").spawn().unwrap();
    drop(inside);
    let mut asked = scribe.echo(1).into_future();
    assert!(poll_once(&mut asked).is_pending());
    drop(runtime);
    assert_eq!(block_on(scribe.stopped()), Some(StopReason::Killed));
    assert_eq!(
        block_on(asked).unwrap_err().delivery(),
        Delivery::NotDelivered
    );
    assert!(block_on(scribe.started()).is_err());
    assert_eq!(log.lines(), ["drop"]);
    assert!(system.lookup("one").is_err());
}

#[support::test]
fn an_actor_spawned_on_a_runtime_that_is_gone_ends_at_once() {
    let [_, runtime] = runtimes();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _inside = handle.enter();
    let system = System::new("outside");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).urn("one").spawn().unwrap();
    assert_eq!(block_on(scribe.stopped()), Some(StopReason::Killed));
    assert!(block_on(scribe.echo(1).into_future()).is_err());
    assert_eq!(log.lines(), ["drop"]);
    assert!(system.lookup("one").is_err());
}

#[support::test]
fn a_system_outlives_its_runtime_and_can_use_another() {
    let [first, second] = runtimes();
    let system = System::new("outside");
    let one = first.block_on(async { system.actor(scribe().0).urn("one").spawn().unwrap() });
    assert_eq!(first.block_on(one.echo(1).into_future()), Ok(1));
    drop(first);
    let again = second.block_on(async { system.actor(scribe().0).urn("one").spawn() });
    let again = again.unwrap();
    assert_eq!(second.block_on(again.echo(2).into_future()), Ok(2));
    // An actor of one runtime may be asked from another.
    let [third, _] = runtimes();
    assert_eq!(third.block_on(again.echo(3).into_future()), Ok(3));
}
