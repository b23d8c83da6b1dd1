//! Actors with threads of their own: state that is not `Send`, handlers that
//! block, and the end of the threads.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::processes::threads;
use support::{ScribeCalls, gate};

/// State that is neither `Send` nor `Sync`.
#[actor]
struct Local {
    n: Rc<RefCell<u64>>,
    thread: ThreadId,
    /// Sends the id of the thread that drops it.
    dropped: mpsc::Sender<ThreadId>,
}

impl Drop for Local {
    fn drop(&mut self) {
        // The error is ignored: most tests have no receiver.
        let _ = self.dropped.send(thread::current().id());
    }
}

#[actor(thread)]
impl Local {
    #[message]
    async fn add(&mut self, by: u64) -> u64 {
        assert_eq!(
            thread::current().id(),
            self.thread,
            "made and run on one thread"
        );
        let n = Rc::clone(&self.n);
        *n.borrow_mut() += by;
        // A handler may hold a value that is not `Send` across an await.
        tokio::task::yield_now().await;
        *n.borrow()
    }

    #[message]
    async fn spawn_local(&mut self) -> u64 {
        let n = Rc::clone(&self.n);
        let task = tokio::task::spawn_local(async move { *n.borrow() });
        task.await.unwrap()
    }

    #[message(local)]
    fn thread(&mut self) -> ThreadId {
        self.thread
    }

    #[message]
    async fn nap(&mut self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }
}

fn local() -> Local {
    local_to(mpsc::channel().0)
}

fn local_to(dropped: mpsc::Sender<ThreadId>) -> Local {
    Local {
        n: Rc::default(),
        thread: thread::current().id(),
        dropped,
    }
}

/// Has handlers that block.
#[actor]
struct Blocking(ActorRef<support::Scribe>);

#[actor]
impl Blocking {
    #[message(local)]
    fn wait(&mut self, gate: support::Gate) {
        gate.pass_blocking();
    }

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        self.0.echo(n).blocking().unwrap()
    }
}

#[support::test]
fn state_that_is_not_send_lives_on_a_thread_and_needs_no_runtime_around_it() {
    let ends = [
        |actor: ActorRef<Local>| drop(actor.stop()),
        |actor: ActorRef<Local>| drop(actor.stop_now()),
        |actor: ActorRef<Local>| drop(actor.kill()),
        |actor: ActorRef<Local>| drop(actor.fail().blocking()),
        |actor: ActorRef<Local>| drop(actor),
    ];
    for end in ends {
        let system = System::new("test");
        let (drops, dropped) = mpsc::channel();
        let make = move || local_to(drops.clone());
        let actor = system.actor_with(make).on_thread().spawn().unwrap();
        assert_eq!(actor.add(2).blocking().unwrap(), 2);
        assert_eq!(actor.add(3).blocking().unwrap(), 5);
        assert_eq!(actor.spawn_local().blocking().unwrap(), 5);
        actor.nap().blocking().unwrap();
        let own = actor.thread().blocking().unwrap();
        assert_ne!(own, thread::current().id());
        assert!(dropped.try_recv().is_err(), "it lives");
        end(actor);
        // Without a sender left this ends, too.
        assert_eq!(dropped.recv(), Ok(own), "made and dropped on one thread");
        assert!(dropped.recv().is_err(), "once");
    }
}

#[support::test]
async fn a_handler_that_blocks_holds_nobody_else_up() {
    let system = System::new("test");
    let (scribe, _) = support::scribe();
    let scribe = system.spawn(scribe).unwrap();
    let blocking = system
        .actor(Blocking(scribe.clone()))
        .on_thread()
        .spawn()
        .unwrap();
    let (gate, mut keeper) = gate();
    let waits = blocking.wait(gate).reply().await.unwrap();
    keeper.entered().await;
    // The runtime has one thread, and it is free.
    assert_eq!(scribe.echo(1).await.unwrap(), 1);
    keeper.open();
    waits.await.unwrap();
    // A handler may also wait for other actors with `.blocking()`.
    assert_eq!(blocking.echo(7).await.unwrap(), 7);
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_spawned_from_any_runtime() {
    let system = System::new("test");
    let actor = system.actor_with(local).on_thread().spawn().unwrap();
    assert_eq!(actor.add(1).await.unwrap(), 1);
}

#[actor]
struct Leftover;

#[actor]
impl Leftover {
    #[message]
    fn ok(&mut self) {}

    #[message]
    async fn hang(&mut self) {
        std::future::pending::<()>().await;
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }
}

#[support::test]
async fn no_thread_is_left_after_any_kind_of_end() {
    let system = System::new("test");
    let spawn = || system.actor(Leftover).on_thread().spawn().unwrap();
    let actor = spawn();
    actor.ok().await.unwrap();
    assert_eq!(threads("Leftover"), 1);
    actor.stop().await;
    let actor = spawn();
    actor.hang().tell().await.unwrap();
    actor.kill().await;
    let actor = spawn();
    actor.fail().await.unwrap_err();
    actor.stopped().await;
    drop(spawn());
    let named = system
        .actor(Leftover)
        .urn("named")
        .on_thread()
        .spawn()
        .unwrap();
    named.ok().await.unwrap();
    // The name is taken: the thread that was started for it ends too.
    assert!(
        system
            .actor(Leftover)
            .urn("named")
            .on_thread()
            .spawn()
            .is_err()
    );
    system.shutdown().await;
    support::until(|| threads("Leftover") == 0).await;
}

#[support::test]
async fn shutdown_waits_for_the_threads_to_end() {
    #[actor]
    struct Last;
    #[actor]
    impl Last {
        #[message]
        fn ok(&mut self) {}
    }
    let system = System::new("test");
    for _ in 0..4 {
        let actor = system
            .actor(Last)
            .urn(format!("a{}", threads("Last")))
            .on_thread();
        let actor = actor.spawn().unwrap();
        actor.ok().await.unwrap();
    }
    assert_eq!(threads("Last"), 4);
    system.shutdown().await;
    assert_eq!(threads("Last"), 0);
}

#[support::test]
async fn it_is_restarted_on_its_thread() {
    let system = System::new("test");
    let actor = system
        .actor_with(local)
        .restart(Restart::on_failure().backoff(Backoff::none()))
        .on_thread()
        .spawn()
        .unwrap();
    actor.add(1).await.unwrap();
    actor.fail().await.unwrap_err();
    assert_eq!(actor.add(1).await.unwrap(), 1);
    assert_eq!(actor.generation(), Some(2));
}

/// Same as `Leftover`, but its threads are not counted.
#[actor]
struct Passenger;

#[actor]
impl Passenger {
    #[message]
    fn ok(&mut self) {}
}

#[support::test]
async fn it_can_be_a_child() {
    let system = System::new("test");
    let (scribe, _) = support::scribe();
    let parent = system.spawn(scribe).unwrap();
    let child = system
        .actor(Passenger)
        .child_of(&parent)
        .on_thread()
        .spawn()
        .unwrap();
    child.ok().await.unwrap();
    parent.stop().await;
    assert_eq!(child.stopped().await, Some(StopReason::Parent));
}

/// CPUs that this thread may run on, as ranges.
#[cfg(target_os = "linux")]
fn cpus_allowed() -> String {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    allowed.unwrap().trim().to_owned()
}

#[cfg(target_os = "linux")]
#[support::test]
fn it_is_kept_on_one_cpu() {
    #[actor]
    struct Pinned;
    #[actor]
    impl Pinned {
        #[message]
        fn allowed(&mut self) -> String {
            cpus_allowed()
        }
    }
    let system = System::new("test");
    let ours = cpus_allowed();
    let span = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        first.parse::<usize>().unwrap()..=last.parse().unwrap()
    };
    let cpus: Vec<_> = ours.split(',').flat_map(span).collect();
    for cpu in &cpus {
        let pinned = system.actor(Pinned).on_thread().pin_to(*cpu);
        let pinned = pinned.spawn().unwrap();
        assert_eq!(pinned.allowed().blocking().unwrap(), cpu.to_string());
    }
    assert_eq!(cpus_allowed(), ours, "the spawner is not");
    let none = system.actor(Pinned).on_thread().pin_to(1023).spawn();
    assert!(matches!(none, Err(SpawnError::Thread { .. })), "{none:?}");
}

#[support::test]
fn a_thread_that_is_blocked_is_named_by_a_shutdown_and_does_not_hold_it_up() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let system = System::new("test");
    let (scribe, _) = support::scribe();
    let (enter, entered) = mpsc::channel();
    let (open, opened) = mpsc::channel::<()>();
    #[actor]
    struct Stuck(mpsc::Sender<()>, mpsc::Receiver<()>);
    #[actor(thread)]
    impl Stuck {
        #[message]
        fn block(&mut self) {
            self.0.send(()).unwrap();
            let _ = self.1.recv();
        }
    }
    drop(scribe);
    let mut ends = Some((enter, opened));
    let make = move || {
        ends.take()
            .map(|(enter, opened)| Stuck(enter, opened))
            .unwrap()
    };
    let stuck = system
        .actor_with(make)
        .urn("stuck")
        .on_thread()
        .spawn()
        .unwrap();
    stuck.block().try_tell().unwrap();
    entered.recv().unwrap();
    let report =
        runtime.block_on(async { system.shutdown().deadline(Duration::from_millis(20)).await });
    assert_eq!(report.stuck.len(), 1);
    assert_eq!(report.stuck[0].as_str(), "stuck");
    drop(open);
    assert_eq!(runtime.block_on(stuck.stopped()), Some(StopReason::Killed));
}

#[support::test]
async fn its_place_can_be_seen() {
    let system = System::new("test");
    let task = system.spawn(Passenger).unwrap();
    let thread = system.actor(Passenger).on_thread().spawn().unwrap();
    let actors = system.snapshot().actors;
    let place = |urn: Urn| actors.iter().find(|actor| actor.urn == urn).unwrap().place;
    assert_eq!(place(task.urn()), Place::Task);
    assert_eq!(place(thread.urn()), Place::Thread);
}
