//! Notices to a supervisor, the effects of its directives, and cleanup of its
//! children.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::family::*;
use support::{At, Log, ScribeCalls, gate, until};

support::on_every_place! {
    no_answer_of_a_hook_can_hide_that_a_child_failed_too_often,
    a_hook_is_told_which_child_why_how_often_and_what_comes_of_it,
    a_hook_can_resume_restart_stop_or_escalate,
    what_a_child_says_of_its_own_error_is_what_its_parent_is_told,
    a_panic_in_the_hook_is_the_supervisors_own,
    a_child_that_does_not_start_is_supervised_as_one_that_fails,
    a_kill_after_a_restart_is_a_kill,
    the_state_of_a_dead_child_is_dropped,
    a_supervisor_that_is_restarted_makes_its_children_anew,
    the_end_of_a_significant_child_is_final_for_a_supervisor_with_a_policy_too,
    a_shutdown_lets_a_parent_of_a_significant_child_serve_what_is_queued,
    a_parent_that_is_told_of_a_child_while_it_ends_serves_what_is_queued;
    multi_thread:
    siblings_that_fail_on_many_threads_come_up_again,
}

/// Policy that restarts at once.
fn at_once() -> Restart {
    policy().backoff(Backoff::none())
}

/// Policy with a pause that only an end interrupts.
fn not_soon() -> Restart {
    policy().backoff(Backoff::from(Duration::from_secs(3600)))
}

async fn no_answer_of_a_hook_can_hide_that_a_child_failed_too_often(place: Place) {
    for said in [Directive::Resume, Directive::Restart, Directive::Stop] {
        let mut family = Family::at(place, Some(Directive::Restart));
        let child = family
            .child("a", at_once().max(1, Duration::from_secs(10)))
            .await;
        child.fail().await.unwrap_err();
        family.restarted("a").await;
        family.boss.say(said).await.unwrap();
        child.fail().await.unwrap_err();
        let reason = family.boss.stopped().await.unwrap();
        let StopReason::Escalated(why) = &reason else {
            panic!("{said:?}: {reason}");
        };
        assert_eq!(why.child.as_str(), "a");
        assert!(matches!(why.reason, StopReason::Panicked(_)));
        assert!(family.exits.all()[1].exhausted);
        assert!(matches!(
            child.stopped().await,
            Some(StopReason::Panicked(_))
        ));
    }
}

async fn a_hook_is_told_which_child_why_how_often_and_what_comes_of_it(place: Place) {
    let mut family = Family::at(place, Some(Directive::Resume));
    let policy = at_once().max(1, Duration::from_secs(10));
    family.boss.say(Directive::Restart).await.unwrap();
    let child = family.child("a", policy).await;
    child.fail().await.unwrap_err();
    family.restarted("a").await;
    child.stop().await;
    family.boss.served().await.unwrap();
    let once = family
        .system
        .actor(family.plan().part("once"))
        .child_of(&family.boss)
        .at(place)
        .unwrap();
    family.boss.say(Directive::Resume).await.unwrap();
    once.fail().await.unwrap_err();
    once.stopped().await;
    family.boss.served().await.unwrap();

    let exits = family.exits.all();
    let told: Vec<_> = exits
        .iter()
        .map(|exit| {
            (
                exit.urn.clone(),
                exit.generation,
                exit.default,
                exit.exhausted,
            )
        })
        .collect();
    let expected = [
        (child.urn(), 1, Directive::Restart, false),
        (child.urn(), 2, Directive::Resume, false),
        (once.urn(), 1, Directive::Escalate, false),
    ];
    assert_eq!(told, expected);
    assert!(exits.iter().all(|exit| exit.type_name.ends_with("::Part")));
    let reasons: Vec<_> = exits.iter().map(|exit| exit.reason.to_string()).collect();
    let expected = ["panicked: a fails", "stopped", "panicked: once fails"];
    assert_eq!(reasons, expected);
}

async fn a_hook_can_resume_restart_stop_or_escalate(place: Place) {
    for said in [Directive::Resume, Directive::Stop] {
        let family = Family::at(place, Some(said));
        let child = family.child("a", at_once()).await;
        let sibling = family.child("b", at_once()).await;
        child.fail().await.unwrap_err();
        assert!(matches!(
            child.stopped().await,
            Some(StopReason::Panicked(_))
        ));
        assert_eq!(family.boss.children().await.unwrap(), [sibling.urn()]);
        assert_eq!((sibling.generation(), family.exits.len()), (Some(1), 1));
    }
    let mut family = Family::at(place, Some(Directive::Restart));
    let child = family
        .child("a", Restart::never().backoff(Backoff::none()))
        .await;
    child.fail().await.unwrap_err();
    assert_eq!(family.restarted("a").await, 2);
    assert_eq!(family.exits.all()[0].default, Directive::Escalate);

    let family = Family::at(place, Some(Directive::Escalate));
    let child = family.child("a", at_once()).await;
    child.fail().await.unwrap_err();
    let reason = family.boss.stopped().await;
    assert!(matches!(reason, Some(StopReason::Escalated(_))));
}

async fn what_a_child_says_of_its_own_error_is_what_its_parent_is_told(place: Place) {
    for (said, renews, default) in [
        (Directive::Restart, true, Directive::Restart),
        (Directive::Restart, false, Directive::Stop),
        (Directive::Stop, true, Directive::Stop),
        (Directive::Stop, false, Directive::Stop),
        (Directive::Escalate, true, Directive::Escalate),
        (Directive::Escalate, false, Directive::Escalate),
    ] {
        let family = Family::at(place, None);
        let plan = Plan {
            said,
            ..family.plan()
        };
        let child = match renews {
            true => {
                let make = move || plan.part("a");
                let child = family.system.actor_with(make).child_of(&family.boss);
                child.restart(at_once()).at(place).unwrap()
            }
            false => {
                let child = family.system.actor(plan.part("a"));
                child.child_of(&family.boss).at(place).unwrap()
            }
        };
        child.refuse().tell().await.unwrap();
        until(|| family.exits.len() == 1).await;
        let exit = &family.exits.all()[0];
        assert_eq!(exit.default, default, "{said:?} {renews}");
        assert!(matches!(exit.reason, StopReason::Failed(_)));
        match default {
            Directive::Restart => assert_eq!(child.serve().await.unwrap(), 1),
            Directive::Stop => assert!(family.boss.children().await.unwrap().is_empty()),
            _ => assert!(matches!(
                family.boss.stopped().await,
                Some(StopReason::Escalated(_))
            )),
        }
    }
    // With `Resume` no actor has ended.
    let family = Family::at(place, None);
    let child = family.child("a", at_once()).await;
    child.refuse().tell().await.unwrap();
    assert_eq!(child.serve().await.unwrap(), 1);
    assert_eq!((child.generation(), family.exits.len()), (Some(1), 0));
}

async fn a_panic_in_the_hook_is_the_supervisors_own(place: Place) {
    let base = support::alive();
    let system = System::new("family");
    let boss = Boss {
        panics: true,
        ..Boss::default()
    };
    let boss = system.actor(boss).at(place).unwrap();
    let plan = Plan::default();
    let child = system
        .actor_with(move || plan.part("a"))
        .child_of(&boss)
        .restart(at_once())
        .at(place)
        .unwrap();
    child.fail().await.unwrap_err();
    let reason = boss.stopped().await.unwrap();
    assert_eq!(reason.to_string(), "panicked: the boss panics");
    child.stopped().await.unwrap();
    until(|| support::alive() == base).await;
}

async fn a_child_that_does_not_start_is_supervised_as_one_that_fails(place: Place) {
    let family = Family::at(place, None);
    let plan = family.plan();
    plan.broken.store(2, Ordering::SeqCst);
    let child = family
        .system
        .actor_with(move || plan.part("a"))
        .child_of(&family.boss)
        .restart(at_once())
        .at(place)
        .unwrap();
    child.started().await.unwrap();
    assert_eq!(child.generation(), Some(3));
    let exits = family.exits.all();
    assert_eq!(exits.len(), 2);
    assert!(exits.iter().all(|exit| {
        matches!(exit.reason, StopReason::StartFailed(_)) && exit.default == Directive::Restart
    }));

    // Without a policy the parent fails too.
    let plan = family.plan();
    plan.broken.store(1, Ordering::SeqCst);
    let child = family.system.actor(plan.part("b"));
    let child = child.child_of(&family.boss).at(place).unwrap();
    child.started().await.unwrap_err();
    let reason = family.boss.stopped().await;
    assert!(matches!(reason, Some(StopReason::Escalated(_))));
}

#[support::test]
async fn an_end_while_a_child_waits_for_its_restart_is_prompt_and_leaves_nothing() {
    let base = support::alive();
    for end in 0..5 {
        let family = Family::new(None);
        let child = family.child("a", not_soon()).await;
        child.fail().await.unwrap_err();
        let asked = child.serve().reply().await.unwrap();
        until(|| child.state() == Some(State::Restarting)).await;
        let (boss, system) = (&family.boss, &family.system);
        // The parent has decided: on a thread this may take longer.
        until(|| family.exits.len() == 1).await;
        boss.served().await.unwrap();
        let expected = match end {
            0 => {
                boss.stop().await;
                StopReason::Parent
            }
            1 => {
                boss.stop_now().await;
                StopReason::Parent
            }
            2 => {
                boss.kill().await;
                StopReason::Killed
            }
            3 => {
                let report = system.shutdown().await;
                assert!(report.is_clean(), "{report}");
                StopReason::Shutdown
            }
            // A requested end is no failure of the parent.
            _ => {
                assert_eq!(child.stop().await, StopReason::Stopped);
                boss.served().await.unwrap();
                assert_eq!(family.exits.len(), 2);
                boss.stop().await;
                StopReason::Stopped
            }
        };
        assert_eq!(child.stopped().await, Some(expected), "{end}");
        assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
        assert!(family.system.snapshot().actors.is_empty());
    }
    until(|| support::alive() == base).await;
}

async fn a_kill_after_a_restart_is_a_kill(place: Place) {
    let mut family = Family::at(place, None);
    let child = family.child("a", at_once()).await;
    child.fail().await.unwrap_err();
    family.restarted("a").await;
    child.serve().await.unwrap();
    assert_eq!(child.kill().await, StopReason::Killed);
    family.boss.served().await.unwrap();
    assert_eq!(family.exits.all()[1].reason, StopReason::Killed);
}

async fn the_state_of_a_dead_child_is_dropped(place: Place) {
    let family = Family::at(place, Some(Directive::Resume));
    let plan = family.plan();
    let alive: Weak<()> = Arc::downgrade(&plan.alive);
    for policy in [None, Some(not_soon())] {
        let part = plan.clone();
        let child = family
            .system
            .actor_with(move || part.part("a"))
            .child_of(&family.boss);
        let child = match policy {
            Some(policy) => child.restart(policy).at(place).unwrap(),
            None => child.at(place).unwrap(),
        };
        child.serve().await.unwrap();
        child.fail().await.unwrap_err();
        child.stopped().await;
        drop(child);
        family.boss.served().await.unwrap();
        assert!(family.boss.children().await.unwrap().is_empty());
    }
    drop(plan);
    assert_eq!(alive.strong_count(), 0);
}

/// Supervised supervisor: it spawns its children as it starts.
#[actor]
struct Middle {
    plan: Plan,
    /// Restart policy of its leaf.
    leaf: Restart,
    significant: bool,
}

#[actor]
impl Middle {
    #[on(start)]
    fn start(&mut self, ctx: &mut Context<Self>) -> Result<(), SpawnError> {
        self.plan.log.add("+middle");
        for name in ["x", "y"] {
            let plan = self.plan.clone();
            let leaf = ctx.actor_with(move || plan.part(name)).urn(name);
            let leaf = match self.significant {
                true => leaf.significant(),
                false => leaf,
            };
            leaf.restart(self.leaf).spawn()?;
        }
        Ok(())
    }

    #[message(local)]
    async fn hold(&mut self, gate: support::Gate) {
        gate.pass().await;
    }

    #[message]
    fn served(&mut self) {}

    #[on(stop)]
    fn stop(&mut self) {
        self.plan.log.add("-middle");
    }
}

fn middle(family: &Family, leaf: Restart, significant: bool, place: Place) -> ActorRef<Middle> {
    let plan = family.plan();
    let make = move || Middle {
        plan: plan.clone(),
        leaf,
        significant,
    };
    family
        .system
        .actor_with(make)
        .child_of(&family.boss)
        .urn("middle")
        .stop_within(300 * MS)
        .restart(at_once())
        .at(place)
        .unwrap()
}

/// Waits for the leaf of that name to start.
async fn leaf(family: &Family, name: &str) -> ActorRef<Part> {
    loop {
        if let Ok(leaf) = family.system.get::<Part>(name)
            && leaf.started().await.is_ok()
        {
            return leaf;
        }
        tokio::task::yield_now().await;
    }
}

async fn a_supervisor_that_is_restarted_makes_its_children_anew(place: Place) {
    let mut family = Family::at(place, None);
    let middle = middle(
        &family,
        at_once().max(0, Duration::from_secs(1)),
        false,
        place,
    );
    middle.started().await.unwrap();
    let (old_x, old_y) = (leaf(&family, "x").await, leaf(&family, "y").await);
    family.noted();
    // The leaf fails too often, so the middle fails, which may restart.
    old_x.fail().await.unwrap_err();
    assert_eq!(family.restarted("middle").await, 2);
    middle.served().await.unwrap();
    let new_x = leaf(&family, "x").await;
    leaf(&family, "y").await;
    assert_ne!(new_x, old_x);
    assert_eq!(new_x.generation(), Some(1));
    assert_eq!(old_y.state(), Some(State::Stopped));
    let noted = family.noted();
    assert_eq!(noted[..4], ["-x", "-y", "-middle", "+middle"]);
    assert_eq!(family.boss.children().await.unwrap(), [middle.urn()]);
    let exit = &family.exits.all()[0];
    let reason = "its child `x` panicked: x fails";
    assert_eq!(exit.reason.to_string(), reason);
}

#[support::test(start_paused = true)]
async fn a_supervisor_that_is_cut_short_leaves_no_children_behind() {
    let mut family = Family::new(None);
    let a = family.child("a", at_once()).await;
    let middle = middle(&family, at_once(), false, Place::Task);
    middle.started().await.unwrap();
    let old = [leaf(&family, "x").await, leaf(&family, "y").await];
    let (gate, mut keeper) = gate();
    middle.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    // The middle does not end in time, so its children are killed, too.
    a.fail().await.unwrap_err();
    assert_eq!(family.restarted("middle").await, 2);
    assert!(old.iter().all(|leaf| leaf.state() == Some(State::Stopped)));
    middle.served().await.unwrap();
    leaf(&family, "x").await.serve().await.unwrap();
    drop(keeper);
}

async fn the_end_of_a_significant_child_is_final_for_a_supervisor_with_a_policy_too(place: Place) {
    let family = Family::at(place, None);
    let middle = middle(&family, at_once(), true, place);
    middle.started().await.unwrap();
    leaf(&family, "x").await.stop().await;
    let reason = middle.stopped().await;
    assert!(
        matches!(reason, Some(StopReason::ChildEnded(_))),
        "{reason:?}"
    );
    family.boss.served().await.unwrap();
    assert_eq!(family.exits.all()[0].default, Directive::Resume);
}

async fn a_shutdown_lets_a_parent_of_a_significant_child_serve_what_is_queued(place: Place) {
    let family = Family::at(place, None);
    let log = Log::default();
    let scribe = support::Scribe { log: log.clone() };
    let scribe = family.system.actor(scribe).urn("scribe").at(place).unwrap();
    let plan = family.plan();
    family
        .system
        .actor(plan.part("a"))
        .child_of(&scribe)
        .significant()
        .at(place)
        .unwrap();
    let keeper = support::hold(&scribe).await;
    scribe.note(1).tell().await.unwrap();
    let mut shutdown = Box::pin(family.system.shutdown().into_future());
    assert!(support::poll_once(&mut shutdown).is_pending());
    // The child has ended, and its parent is still held in its turn.
    until(|| family.log.has("-a")).await;
    keeper.open();
    assert!(shutdown.await.is_clean());
    assert_eq!(
        log.lines(),
        ["start", "held", "1", "stop: its system shut down", "drop"]
    );
}

async fn a_parent_that_is_told_of_a_child_while_it_ends_serves_what_is_queued(place: Place) {
    let family = Family::at(place, None);
    let child = family.child("a", policy()).await;
    let (gate, mut keeper) = gate();
    family.boss.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    let served = family.boss.served().reply().await.unwrap();
    let stopping = family.boss.stop();
    child.stop().await;
    keeper.open();
    assert_eq!(served.await, Ok(()));
    assert_eq!(stopping.await, StopReason::Stopped);
    assert_eq!(family.exits.all()[0].reason, StopReason::Stopped);
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_task_is_left_of_families_that_fail_and_end_at_any_time() {
    let base = support::alive();
    for round in 0..60_u64 {
        let family = Family::new(None);
        let brief = at_once().max(1000, Duration::from_secs(10));
        let parts = [
            family.child("a", brief).await,
            family.child("b", brief).await,
            family.child("c", brief).await,
        ];
        let failing = parts.clone().map(|part| {
            tokio::spawn(async move {
                for _ in 0..3 {
                    // The part may have ended already.
                    let _ = part.fail().await;
                }
            })
        });
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        match round % 3 {
            0 => drop(family.boss.stop().await),
            1 => drop(family.boss.kill().await),
            _ => assert!(family.system.shutdown().await.is_clean()),
        }
        for task in failing {
            task.await.unwrap();
        }
        for part in parts {
            part.stopped().await.unwrap();
        }
        assert!(family.system.snapshot().actors.is_empty());
    }
    until(|| support::alive() == base).await;
}

async fn siblings_that_fail_on_many_threads_come_up_again(place: Place) {
    let family = Family::at(place, None);
    let brief = at_once().max(100_000, Duration::from_secs(10));
    let mut parts = Vec::new();
    for name in ["a", "b", "c"] {
        parts.push(family.child(name, brief).await);
    }
    for _ in 0..100 {
        let failing = parts.clone().into_iter().map(|part| {
            tokio::spawn(async move {
                let failed = part.fail().await;
                assert!(
                    matches!(failed, Err(AskError::Panicked { .. })),
                    "{failed:?}"
                );
            })
        });
        for task in failing.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    }
    for part in &parts {
        part.serve().await.unwrap();
        // Each of its own failures, and those of the others at most.
        let generation = part.generation().unwrap();
        assert!((101..=301).contains(&generation), "{generation}");
    }
}
