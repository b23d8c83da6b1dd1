//! Children: their owner, the effects of their end, and the order in which they
//! end.

use conclib::Place;
use conclib::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::At;

support::on_every_place! {
    children_end_with_their_parent_the_newest_first_and_before_it,
    a_stop_of_the_parent_lets_its_children_serve_what_is_queued,
    a_child_lives_without_references_and_its_normal_end_is_only_told,
    a_failure_that_no_hook_deals_with_becomes_the_parents,
    a_hook_that_resumes_keeps_the_others_alive,
    a_parent_that_is_ending_takes_no_children,
    the_end_of_a_significant_child_is_the_end_of_its_parent,
    a_kill_of_the_parent_kills_its_children,
    a_kill_while_the_children_are_stopped_takes_the_rest_along,
    a_kill_of_a_parent_that_is_ending_its_children_leaves_none_of_them;
    multi_thread:
    the_parent_is_told_before_who_waits_for_the_end,
}

type Log = Arc<Mutex<Vec<String>>>;

fn lines(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}

/// Notes its end, and that its state is dropped.
#[actor]
struct Leaf {
    name: &'static str,
    log: Log,
}

#[actor]
impl Leaf {
    #[message]
    fn name(&mut self) -> String {
        self.name.to_owned()
    }

    #[message]
    fn fail(&mut self) {
        panic!("foo");
    }

    #[message]
    async fn hang(&mut self) {
        std::future::pending::<()>().await;
    }

    #[on(stop)]
    fn stop(&mut self, reason: &StopReason) {
        self.log
            .lock()
            .unwrap()
            .push(format!("{}: {reason}", self.name));
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.log
            .lock()
            .unwrap()
            .push(format!("{} dropped", self.name));
    }
}

#[actor]
struct Root {
    leaves: &'static [&'static str],
    log: Log,
    said: Option<Directive>,
    exits: Vec<ChildExit>,
}

#[actor]
impl Root {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        for name in self.leaves {
            let log = self.log.clone();
            ctx.actor(Leaf { name, log }).urn(name).spawn()?;
        }
        Ok(())
    }

    #[message]
    fn children(&mut self, ctx: &mut Context<Self>) -> Vec<String> {
        ctx.children()
            .iter()
            .map(|child| child.urn().to_string())
            .collect()
    }

    #[message]
    fn exits(&mut self) -> usize {
        self.exits.len()
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        let said = self.said.unwrap_or(exit.default);
        self.exits.push(exit);
        said
    }

    #[on(stop)]
    fn stop(&mut self, reason: &StopReason) {
        self.log.lock().unwrap().push(format!("root: {reason}"));
    }
}

fn root(leaves: &'static [&'static str], said: Option<Directive>) -> (Root, Log) {
    let log = Log::default();
    let root = Root {
        leaves,
        log: log.clone(),
        said,
        exits: Vec::new(),
    };
    (root, log)
}

async fn children_end_with_their_parent_the_newest_first_and_before_it(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&["a", "b", "c"], None);
    let root = system.actor(root).at(place).unwrap();
    assert_eq!(root.children().await.unwrap(), ["a", "b", "c"]);
    let a: ActorRef<Leaf> = system.get("a").unwrap();
    root.stop().await;
    let expected = [
        "c: its parent ended",
        "c dropped",
        "b: its parent ended",
        "b dropped",
        "a: its parent ended",
        "a dropped",
        "root: stopped",
    ];
    assert_eq!(lines(&log), expected);
    assert_eq!(a.state(), Some(State::Stopped));
}

async fn a_stop_of_the_parent_lets_its_children_serve_what_is_queued(place: Place) {
    let system = System::new("test");
    let (root, _log) = root(&["a"], None);
    let root = system.actor(root).at(place).unwrap();
    root.started().await.unwrap();
    let a: ActorRef<Leaf> = system.get("a").unwrap();
    let name = a.name().reply().await.unwrap();
    root.stop().await;
    assert_eq!(name.await.unwrap(), "a");
}

async fn a_child_lives_without_references_and_its_normal_end_is_only_told(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&["a", "b"], None);
    let root = system.actor(root).at(place).unwrap();
    assert_eq!(root.children().await.unwrap().len(), 2);
    let a: ActorRef<Leaf> = system.get("a").unwrap();
    a.stop().await;
    assert_eq!(root.exits().await.unwrap(), 1);
    assert_eq!(root.children().await.unwrap(), ["b"]);
    assert_eq!(lines(&log), ["a: stopped", "a dropped"]);
}

async fn a_failure_that_no_hook_deals_with_becomes_the_parents(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&["bad", "x", "y"], None);
    let root = system.actor(root).at(place).unwrap();
    root.started().await.unwrap();
    let bad: ActorRef<Leaf> = system.get("bad").unwrap();
    assert!(bad.fail().await.is_err());
    let reason = root.stopped().await.unwrap();
    let StopReason::Escalated(why) = &reason else {
        panic!("{reason}");
    };
    assert_eq!(why.child.as_str(), "bad");
    assert_eq!(reason.to_string(), "its child `bad` panicked: foo");
    assert!(system.lookup("x").is_err() && system.lookup("y").is_err());
    assert_eq!(
        lines(&log).last().unwrap(),
        "root: its child `bad` panicked: foo"
    );
}

async fn a_hook_that_resumes_keeps_the_others_alive(place: Place) {
    let system = System::new("test");
    let (root, _log) = root(&["bad", "x", "y"], Some(Directive::Resume));
    let root = system.actor(root).at(place).unwrap();
    root.started().await.unwrap();
    let bad: ActorRef<Leaf> = system.get("bad").unwrap();
    assert!(bad.fail().await.is_err());
    bad.stopped().await;
    assert_eq!(root.children().await.unwrap(), ["x", "y"]);
    assert_eq!(root.exits().await.unwrap(), 1);
    let x: ActorRef<Leaf> = system.get("x").unwrap();
    assert_eq!(x.name().await.unwrap(), "x");
}

#[support::test(start_paused = true)]
async fn an_idle_parent_is_told_of_a_child_that_was_spawned_from_outside() {
    let begun = tokio::time::Instant::now();
    let system = System::new("test");
    let (root, log) = root(&[], None);
    let root = system.spawn(root).unwrap();
    root.started().await.unwrap();
    let leaf = system
        .actor(Leaf { name: "late", log })
        .child_of(&root)
        .spawn()
        .unwrap();
    assert!(leaf.fail().await.is_err());
    // No message is sent to the root: its hook runs all the same, and without
    // delay.
    assert!(matches!(
        root.stopped().await,
        Some(StopReason::Escalated(_))
    ));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

async fn a_parent_that_is_ending_takes_no_children(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&[], None);
    let root = system.actor(root).at(place).unwrap();
    root.stop().await;
    let late = system
        .actor(Leaf {
            name: "late",
            log: log.clone(),
        })
        .child_of(&root)
        .spawn();
    assert!(
        matches!(late, Err(SpawnError::ParentEnded { .. })),
        "{late:?}"
    );
    assert_eq!(lines(&log), ["root: stopped", "late dropped"]);
}

#[support::test(start_paused = true)]
async fn a_child_that_does_not_end_in_time_is_killed() {
    let system = System::new("test");
    let (root, log) = root(&[], None);
    let root = system.spawn(root).unwrap();
    let slow = system
        .actor(Leaf {
            name: "slow",
            log: log.clone(),
        })
        .child_of(&root)
        .stop_within(Duration::from_millis(300))
        .spawn()
        .unwrap();
    slow.hang().tell().await.unwrap();
    let _quick = system
        .actor(Leaf {
            name: "quick",
            log: log.clone(),
        })
        .child_of(&root)
        .spawn();
    let begun = tokio::time::Instant::now();
    root.stop().await;
    assert_eq!(begun.elapsed(), Duration::from_millis(300));
    // A kill runs no hook.
    let expected = [
        "quick: its parent ended",
        "quick dropped",
        "slow dropped",
        "root: stopped",
    ];
    assert_eq!(lines(&log), expected);
}

async fn the_end_of_a_significant_child_is_the_end_of_its_parent(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&[], Some(Directive::Resume));
    let root = system.actor(root).at(place).unwrap();
    let main = system
        .actor(Leaf { name: "main", log })
        .child_of(&root)
        .urn("main")
        .significant()
        .at(place)
        .unwrap();
    main.stop().await;
    let reason = root.stopped().await.unwrap();
    assert_eq!(reason, StopReason::ChildEnded("main".parse().unwrap()));
}

async fn a_kill_of_the_parent_kills_its_children(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&["a", "b"], None);
    let root = system.actor(root).at(place).unwrap();
    root.started().await.unwrap();
    let a: ActorRef<Leaf> = system.get("a").unwrap();
    root.kill().await;
    assert_eq!(a.stopped().await, Some(StopReason::Killed));
    assert!(
        !lines(&log).iter().any(|line| line.contains(": ")),
        "no hook runs"
    );
}

#[support::test(start_paused = true)]
async fn a_killed_parent_has_ended_once_its_children_have() {
    let system = System::new("test");
    let (root, log) = root(&["a", "b"], None);
    let root = system.spawn(root).unwrap();
    root.started().await.unwrap();
    let a: ActorRef<Leaf> = system.get("a").unwrap();
    let b: ActorRef<Leaf> = system.get("b").unwrap();
    // One child is idle, the other is in a turn.
    a.hang().tell().await.unwrap();
    let begun = tokio::time::Instant::now();
    assert_eq!(root.kill().await, StopReason::Killed);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(a.state(), Some(State::Stopped));
    assert_eq!(b.state(), Some(State::Stopped));
    assert_eq!(lines(&log).len(), 2, "both are dropped");
}

/// Has a turn that blocks without awaiting.
#[actor]
struct Blocker {
    begun: std::sync::mpsc::Sender<()>,
    word: std::sync::mpsc::Receiver<()>,
}

#[actor]
impl Blocker {
    #[message]
    fn block(&mut self) {
        self.begun.send(()).unwrap();
        let _ = self.word.recv();
    }
}

#[support::test]
async fn a_child_that_never_awaits_holds_no_kill_up() {
    let system = System::new("test");
    let (root, log) = root(&["a"], None);
    let root = system.spawn(root).unwrap();
    root.started().await.unwrap();
    let (begin, begun) = std::sync::mpsc::channel();
    let (give, word) = std::sync::mpsc::channel();
    let mut parts = Some((begin, word));
    let blocker = system
        .actor_with(move || {
            let (begun, word) = parts.take().unwrap();
            Blocker { begun, word }
        })
        .child_of(&root)
        .on_thread()
        .spawn()
        .unwrap();
    blocker.block().tell().await.unwrap();
    begun.recv().unwrap();
    assert_eq!(root.kill().await, StopReason::Killed);
    // The others have ended, and the blocked one ends at its next await.
    assert_eq!(lines(&log), ["a dropped"]);
    assert_ne!(blocker.state(), Some(State::Stopped));
    give.send(()).unwrap();
    assert_eq!(blocker.stopped().await, Some(StopReason::Killed));
}

async fn a_kill_while_the_children_are_stopped_takes_the_rest_along(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&["a", "b"], None);
    let root = system.actor(root).at(place).unwrap();
    root.started().await.unwrap();
    let a: ActorRef<Leaf> = system.get("a").unwrap();
    let b: ActorRef<Leaf> = system.get("b").unwrap();
    b.hang().tell().await.unwrap();
    let stopping = root.stop();
    // The newest child is told to end first, and is still blocked.
    while b.state() != Some(State::Stopping) {
        tokio::task::yield_now().await;
    }
    assert_eq!(root.kill().await, StopReason::Killed);
    assert_eq!(stopping.await, StopReason::Killed);
    assert_eq!(a.stopped().await, Some(StopReason::Killed));
    assert_eq!(b.stopped().await, Some(StopReason::Killed));
    assert_eq!(lines(&log).len(), 2, "both are dropped, and no hook runs");
}

async fn the_parent_is_told_before_who_waits_for_the_end(place: Place) {
    let system = System::new("test");
    let (root, log) = root(&[], Some(Directive::Resume));
    let root = system.actor(root).at(place).unwrap();
    for round in 1..=500 {
        let leaf = system
            .actor(Leaf {
                name: "one",
                log: log.clone(),
            })
            .child_of(&root)
            .at(place)
            .unwrap();
        assert!(leaf.fail().await.is_err());
        leaf.stopped().await;
        // A message sent now is queued behind the exit of the child.
        assert_eq!(root.exits().await.unwrap(), round);
    }
}

async fn a_kill_of_a_parent_that_is_ending_its_children_leaves_none_of_them(place: Place) {
    let system = System::new("test");
    let (root, _log) = root(&["old", "new"], None);
    let root = system.actor(root).at(place).unwrap();
    root.started().await.unwrap();
    let [old, new] = ["old", "new"].map(|name| system.get::<Leaf>(name).unwrap());
    new.hang().tell().await.unwrap();
    let _stopping = root.stop();
    while new.state() != Some(State::Stopping) {
        tokio::task::yield_now().await;
    }
    root.kill().await;
    assert_eq!(new.stopped().await, Some(StopReason::Killed));
    assert_eq!(old.stopped().await, Some(StopReason::Killed));
}

#[support::test]
async fn ten_thousand_children_end_with_their_parent() {
    let system = System::new("test");
    let (root, log) = root(&[], Some(Directive::Resume));
    let root = system.spawn(root).unwrap();
    for _ in 0..10_000 {
        let log = log.clone();
        drop(
            system
                .actor(Leaf { name: "one", log })
                .child_of(&root)
                .spawn()
                .unwrap(),
        );
    }
    assert_eq!(root.children().await.unwrap().len(), 10_000);
    root.stop().await;
    assert_eq!(system.snapshot().actors.len(), 0);
}
