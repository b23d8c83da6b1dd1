//! Asking from code that is not async works on every thread that may block. On
//! others it is an error, never a deadlock.

use std::thread;
use std::time::{Duration, Instant};

use conclib::prelude::*;
use support::{Scribe, ScribeCalls, hold, scribe};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{block_in_place, spawn_blocking};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn in_async_code(runtime: &Runtime) -> (System, ActorRef<Scribe>) {
    let system = System::new("blocking");
    let _inside = runtime.enter();
    let scribe = system.spawn(scribe().0).unwrap();
    (system, scribe)
}

fn would_block<T: std::fmt::Debug>(answer: Result<T, AskError>) {
    let error = answer.unwrap_err();
    assert!(matches!(error, AskError::WouldBlock { .. }), "{error}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(error.to_string().contains(".await"), "{error}");
}

#[support::test]
async fn it_works_from_a_plain_thread_and_from_spawn_blocking() {
    let system = System::new("blocking");
    let scribe = system.spawn(scribe().0).unwrap();
    let call = scribe.echo(1).owned();
    let (done, answer) = tokio::sync::oneshot::channel();
    let plain = thread::spawn(move || done.send(call.blocking()));
    assert_eq!(answer.await.unwrap(), Ok(1));
    plain.join().unwrap().unwrap();
    let call = scribe.echo(2).owned();
    assert_eq!(spawn_blocking(|| call.blocking()).await.unwrap(), Ok(2));
    // A handler's error and a panic come through too.
    let call = scribe.refuse("no".into()).owned();
    let answer = spawn_blocking(|| call.blocking()).await.unwrap();
    assert!(matches!(answer, Err(AskError::Handler(_))));
    let call = scribe.explode("boom".into()).owned();
    let answer = spawn_blocking(|| call.blocking()).await.unwrap();
    assert!(matches!(answer, Err(AskError::Panicked { .. })));
    let call = scribe.echo(3).owned();
    let answer = spawn_blocking(|| call.blocking()).await.unwrap();
    assert!(matches!(answer, Err(AskError::Stopped { .. })));
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_where_a_worker_thread_was_given_away() {
    let system = System::new("blocking");
    let scribe = system.spawn(scribe().0).unwrap();
    assert_eq!(block_in_place(|| scribe.echo(1).blocking()), Ok(1));
}

#[support::test]
fn it_is_an_error_in_a_task_and_in_block_on_on_both_kinds_of_runtime() {
    for runtime in [current_thread(), multi_thread()] {
        let (_system, scribe) = in_async_code(&runtime);
        runtime.block_on(async {
            would_block(scribe.echo(1).blocking());
            let call = scribe.echo(1).owned();
            let in_task = tokio::spawn(async move { call.blocking() });
            would_block(in_task.await.unwrap());
            // Many awaits may use up the budget of a task.
            for n in 0..300 {
                scribe.echo(n).await.unwrap();
                would_block(scribe.echo(1).blocking());
            }
            // The refused asks were not sent, and the actor still works.
            assert_eq!(scribe.echo(9).await, Ok(9));
        });
    }
}

/// Asks another actor from its turn with `blocking()`, which is an error.
#[actor]
struct Blocker(ActorRef<Scribe>);

#[actor]
impl Blocker {
    #[message]
    fn wrong(&mut self) -> bool {
        matches!(self.0.echo(1).blocking(), Err(AskError::WouldBlock { .. }))
    }
}

#[support::test]
async fn it_is_an_error_in_a_handler() {
    let system = System::new("blocking");
    let scribe = system.spawn(scribe().0).unwrap();
    let blocker = system.spawn(Blocker(scribe)).unwrap();
    assert_eq!(blocker.wrong().await, Ok(true));
}

#[support::test]
fn entering_a_runtime_is_not_being_in_its_async_code() {
    let runtime = multi_thread();
    let (_system, scribe) = in_async_code(&runtime);
    let _inside = runtime.enter();
    assert_eq!(scribe.echo(1).blocking(), Ok(1));
}

#[support::test]
fn it_takes_no_longer_than_its_timeout() {
    let runtime = multi_thread();
    let (_system, scribe) = in_async_code(&runtime);
    let keeper = runtime.block_on(hold(&scribe));
    let began = Instant::now();
    let late = Duration::from_millis(30);
    let error = scribe.echo(1).timeout(late).blocking().unwrap_err();
    assert!(began.elapsed() >= late);
    let deadline = AskError::Deadline {
        urn: scribe.urn(),
        after: late,
        delivery: Delivery::MayHaveRun,
    };
    assert_eq!(error, deadline);
    let error = scribe.echo(1).timeout(Duration::ZERO).blocking();
    assert_eq!(error.unwrap_err().delivery(), Delivery::NotDelivered);
    keeper.open();
    assert_eq!(scribe.echo(2).timeout(Duration::MAX).blocking(), Ok(2));
}

#[support::test]
fn it_waits_for_a_place_and_gives_it_up_at_its_timeout() {
    let runtime = multi_thread();
    let system = System::new("blocking");
    let inside = runtime.enter();
    let scribe = system.actor(scribe().0).mailbox(1).spawn().unwrap();
    drop(inside);
    let keeper = runtime.block_on(hold(&scribe));
    scribe.note(0).try_tell().unwrap();
    let error = scribe.echo(1).timeout(Duration::from_millis(5)).blocking();
    assert_eq!(error.unwrap_err().delivery(), Delivery::NotDelivered);
    let call = scribe.echo(2).owned();
    let waiting = thread::spawn(|| call.blocking());
    keeper.open();
    assert_eq!(waiting.join().unwrap(), Ok(2));
}

#[support::test]
fn it_ends_when_the_runtime_of_the_actor_goes() {
    for runtime in [current_thread(), multi_thread()] {
        let (_system, scribe) = in_async_code(&runtime);
        let keeper = runtime.block_on(hold(&scribe));
        let call = scribe.echo(1).owned();
        let (asking, asked) = std::sync::mpsc::channel();
        let waiting = thread::spawn(move || {
            asking.send(()).unwrap();
            call.blocking()
        });
        asked.recv().unwrap();
        drop(runtime);
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error, AskError::Stopped { .. }), "{error}");
        let error = scribe.echo(1).blocking().unwrap_err();
        assert!(matches!(error, AskError::Stopped { .. }), "{error}");
        drop(keeper);
    }
}

#[support::test]
fn many_threads_may_ask_one_actor() {
    let runtime = multi_thread();
    let (_system, scribe) = in_async_code(&runtime);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let scribe = scribe.clone();
            thread::spawn(move || {
                for n in 0..200 {
                    assert_eq!(
                        scribe.echo(thread * 1000 + n).blocking(),
                        Ok(thread * 1000 + n)
                    );
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Blocks its own thread.
#[actor]
struct Diver {
    scribe: ActorRef<Scribe>,
    given: Vec<Duration>,
}

#[actor]
impl Diver {
    #[message]
    fn dive(&mut self, own: Option<Duration>) {
        let began = Instant::now();
        let call = self.scribe.echo(1);
        let answer = match own {
            Some(own) => call.timeout(own).blocking(),
            None => call.blocking(),
        };
        assert!(matches!(answer, Err(AskError::Deadline { .. })));
        self.given.push(began.elapsed());
    }

    #[message]
    fn given(&mut self) -> Vec<Duration> {
        self.given.clone()
    }

    #[message]
    fn nothing(&mut self) {}

    #[message(concurrent, local)]
    fn beside(&self, me: ActorRef<Self>) -> impl Future<Output = bool> {
        async move { matches!(me.nothing().blocking(), Err(AskError::WouldBlock { .. })) }
    }
}

fn diver(system: &System, scribe: &ActorRef<Scribe>) -> ActorRef<Diver> {
    let scribe = scribe.clone();
    let make = move || Diver {
        scribe: scribe.clone(),
        given: Vec::new(),
    };
    system.actor_with(make).on_thread().spawn().unwrap()
}

#[support::test]
fn it_takes_no_longer_than_whoever_asked_the_turn_waits() {
    let runtime = multi_thread();
    let (system, scribe) = in_async_code(&runtime);
    let keeper = runtime.block_on(hold(&scribe));
    let diver = diver(&system, &scribe);
    let (short, long) = (Duration::from_millis(30), Duration::from_secs(20));
    for own in [None, Some(long)] {
        drop(diver.dive(own).timeout(short).blocking());
    }
    let given = diver.given().blocking().unwrap();
    assert_eq!(given.len(), 2);
    assert!(given.iter().all(|given| *given < long), "{given:?}");
    keeper.open();
}

/// Blocking in a concurrent handler would block the turns of its actor, which
/// the graph of waiting actors does not show.
#[support::test]
async fn it_is_an_error_beside_the_turns_of_an_actor_with_a_thread() {
    let system = System::new("blocking");
    let scribe = system.spawn(scribe().0).unwrap();
    let diver = diver(&system, &scribe);
    assert_eq!(diver.beside(diver.clone()).await, Ok(true));
}
