//! Owners of actors: a named actor belongs to its system, an anonymous one to
//! its references. Nothing is left when the owner is gone.

use std::time::Duration;

use conclib::prelude::*;
use conclib::{AnyRef, Backoff, Place, Restart};
use support::{At, Log, Scribe, ScribeCalls, ScribeNote, hold, scribe, until};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::Instant;

support::on_every_place! {
    an_anonymous_actor_serves_what_is_queued_and_ends_with_its_last_reference,
    a_named_actor_lives_on_without_references,
    a_scoped_reference_stops_its_actor_when_it_goes,
    a_scope_may_end_after_an_explicit_end,
    an_error_says_that_the_system_was_dropped,
}

/// Tests if the actor still lives after all ready tasks have run.
async fn lives(system: &System) -> bool {
    for _ in 0..100 {
        yield_now().await;
    }
    !system.snapshot().actors.is_empty()
}

async fn an_anonymous_actor_serves_what_is_queued_and_ends_with_its_last_reference(place: Place) {
    let system = System::new("lifetime");
    let mut events = system.events();
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let urn = scribe.urn();
    let keeper = hold(&scribe).await;
    let clone = scribe.clone();
    scribe.note(1).tell().await.unwrap();
    let reply = scribe.echo(2).reply().await.unwrap();
    drop(scribe);
    clone.note(3).tell().await.unwrap();
    drop(clone);
    keeper.open();
    // A pending reply is no reference, and still comes.
    assert_eq!(reply.await, Ok(2));
    until(|| system.snapshot().actors.is_empty()).await;
    let stop = "stop: its last reference is gone";
    assert_eq!(log.lines(), ["start", "held", "1", "3", stop, "drop"]);
    let stopped = Event::Stopped {
        urn,
        reason: StopReason::Unreferenced,
    };
    while let Some(event) = events.next().await {
        if event == stopped {
            break;
        }
    }
}

#[support::test]
async fn every_kind_of_strong_reference_keeps_it_alive_alone() {
    let system = System::new("lifetime");

    let first = system.spawn(scribe().0).unwrap();
    let clone: ActorRef<Scribe> = first.clone();
    drop(first);
    assert!(lives(&system).await);
    let recipient: Recipient<ScribeNote> = clone.recipient();
    let urn = clone.urn();
    drop(clone);
    assert!(lives(&system).await);
    recipient.ask(ScribeNote { n: 1 }).await.unwrap();
    let second = recipient.clone();
    drop(recipient);
    assert!(lives(&system).await);
    let any: AnyRef = system.lookup(&urn).unwrap();
    drop(second);
    assert!(lives(&system).await);
    let other = any.clone();
    drop(any);
    assert!(lives(&system).await);
    let typed = other.downcast::<Scribe>().unwrap();
    drop(other);
    assert!(lives(&system).await);
    let call = typed.echo(7).owned();
    drop(typed);
    assert!(lives(&system).await);
    assert_eq!(call.await, Ok(7));
    assert!(!lives(&system).await);
}

#[support::test]
async fn what_is_weak_keeps_nobody_alive() {
    let system = System::new("lifetime");
    let scribe = system.spawn(scribe().0).unwrap();
    let weak = scribe.downgrade();
    let again = weak.upgrade().unwrap();
    assert_eq!((again.urn(), weak.urn()), (scribe.urn(), scribe.urn()));
    drop((scribe, again));
    assert!(weak.clone().upgrade().is_none());
    assert!(!lives(&system).await);
    assert!(weak.upgrade().is_none());
}

#[support::test]
async fn what_is_weak_leads_to_nobody_once_it_has_ended() {
    let system = System::new("lifetime");
    let parent = system.actor(scribe().0).urn("parent").spawn().unwrap();
    let child = system.actor(scribe().0).child_of(&parent).spawn().unwrap();
    let anonymous = system.spawn(scribe().0).unwrap();
    for actor in [&anonymous, &child, &parent] {
        let weak = actor.downgrade();
        let recipient = actor.recipient::<support::ScribeEcho>().downgrade();
        assert!(weak.upgrade().is_some());
        assert!(recipient.upgrade().is_some());
        // References may still exist.
        actor.stop().await;
        assert!(weak.upgrade().is_none());
        assert!(recipient.upgrade().is_none());
    }
}

async fn a_named_actor_lives_on_without_references(place: Place) {
    let system = System::new("lifetime");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).urn("named").at(place).unwrap();
    let weak = scribe.downgrade();
    drop(scribe);
    assert!(lives(&system).await);
    assert_eq!(weak.upgrade().unwrap().echo(1).await, Ok(1));
    let again = system.get::<Scribe>("named").unwrap();
    drop(again);
    assert!(lives(&system).await);
    assert_eq!(log.lines(), ["start"]);
}

#[support::test]
async fn the_last_handle_of_a_system_takes_its_actors_with_it() {
    let base = support::alive();
    let system = System::new("lifetime");
    let (actor, log) = scribe();
    let named = system.actor(actor).urn("named").spawn().unwrap();
    let (actor, quiet) = scribe();
    let anonymous = system.spawn(actor).unwrap();
    let keeper = hold(&named).await;
    let asked = named.echo(1).reply().await.unwrap();
    anonymous.echo(1).await.unwrap();

    let clone = system.clone();
    drop(system);
    assert!(lives(&clone).await);
    let mut events = clone.events();
    drop(clone);
    assert_eq!(named.stopped().await, Some(StopReason::Killed));
    assert_eq!(anonymous.stopped().await, Some(StopReason::Killed));
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["start", "drop"]);
    assert_eq!(quiet.lines(), ["start", "drop"]);
    drop((named, anonymous, keeper));
    // Past events can still be read; then the stream ends.
    let mut ends = 0;
    while let Some(event) = events.next().await {
        ends += usize::from(matches!(event, Event::Stopped { .. }));
    }
    assert_eq!(ends, 2);
    until(|| support::alive() == base).await;
}

async fn an_error_says_that_the_system_was_dropped(place: Place) {
    let says = |error: &dyn std::error::Error| error.to_string().contains("system was dropped");
    let system = System::new("lifetime");
    let (actor, _log) = scribe();
    let orphan = system.actor(actor).at(place).unwrap();
    let keeper = hold(&orphan).await;
    let queued = orphan.echo(1).reply().await.unwrap();
    drop(system);
    let queued = queued.await.unwrap_err();
    assert!(says(&queued), "{queued}");
    assert_eq!(orphan.stopped().await, Some(StopReason::Killed));
    let asked = orphan.echo(1).await.unwrap_err();
    assert!(says(&asked), "{asked}");
    let told = orphan.note(1).tell().await.unwrap_err();
    assert!(says(&told), "{told}");
    let told = orphan.note(1).try_tell().unwrap_err();
    assert!(says(&told), "{told}");
    drop(keeper);

    // Another end is not taken for this one.
    let system = System::new("lifetime");
    let (actor, _log) = scribe();
    let stopped = system.actor(actor).at(place).unwrap();
    stopped.stop().await;
    drop(system);
    let asked = stopped.echo(1).await.unwrap_err();
    assert!(!says(&asked), "{asked}");
}

#[support::test]
async fn an_error_of_a_pool_says_that_the_system_was_dropped() {
    let system = System::new("lifetime");
    let pool = system.pool(|| scribe().0).size(2).spawn().unwrap();
    drop(system);
    until(|| pool.is_empty()).await;
    let asked = pool.echo(1).await.unwrap_err().to_string();
    assert!(asked.contains("system was dropped"), "{asked}");
}

#[support::test]
async fn a_system_that_is_dropped_before_its_actors_have_begun_ends_them() {
    let base = support::alive();
    let system = System::new("lifetime");
    let (actor, log) = scribe();
    let scribe = system.spawn(actor).unwrap();
    drop(system);
    assert_eq!(scribe.stopped().await, Some(StopReason::Killed));
    assert_eq!(log.lines(), ["drop"]);
    until(|| support::alive() == base).await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_task_is_left_after_any_kind_of_end() {
    let base = support::alive();
    let system = System::new("lifetime");
    for round in 0..40 {
        for end in 0..6 {
            let (actor, log) = scribe();
            let spawner = system.actor(actor);
            let scribe = if end == 5 {
                spawner.spawn().unwrap()
            } else {
                spawner.urn("one").spawn().unwrap()
            };
            if round % 2 == 0 {
                scribe.echo(0).await.unwrap();
            }
            match end {
                0 => drop(scribe.stop().await),
                1 => drop(scribe.stop_now().await),
                2 => drop(scribe.kill().await),
                3 => drop(scribe.quit().await.unwrap()),
                4 => assert!(scribe.explode("end".into()).await.is_err()),
                _ => {}
            }
            if end < 5 {
                scribe.stopped().await;
            }
            drop(scribe);
            until(|| log.has("drop")).await;
        }
    }
    until(|| support::alive() == base && system.snapshot().actors.is_empty()).await;
}

#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_that_come_and_go_on_all_threads_leave_nobody_behind() {
    let base = support::alive();
    let system = System::new("lifetime");
    for _ in 0..100 {
        let scribe = system.spawn(scribe().0).unwrap();
        let weak = scribe.downgrade();
        let strong = tokio::spawn(async move {
            for n in 0..10 {
                let clone = scribe.clone();
                clone.note(n).tell().await.unwrap();
            }
        });
        let upgrading = tokio::spawn(async move {
            // An upgraded reference works, until there is nothing to upgrade.
            while let Some(scribe) = weak.upgrade() {
                if scribe.echo(1).await.is_err() {
                    break;
                }
            }
        });
        strong.await.unwrap();
        upgrading.await.unwrap();
    }
    until(|| support::alive() == base && system.snapshot().actors.is_empty()).await;
}

async fn a_scoped_reference_stops_its_actor_when_it_goes(place: Place) {
    let system = System::new("lifetime");
    let (actor, log) = scribe();
    let scoped = system
        .actor(actor)
        .urn("helper")
        .at(place)
        .unwrap()
        .scoped();
    let other = scoped.clone();
    scoped.note(1).tell().await.unwrap();
    drop(scoped);
    let (first, second) = tokio::join!(other.stopped(), other.stopped());
    assert_eq!(
        (first, second),
        (Some(StopReason::Stopped), Some(StopReason::Stopped))
    );
    assert!(log.has("1") && log.has("drop"));
}

async fn a_scope_may_end_after_an_explicit_end(place: Place) {
    let system = System::new("lifetime");
    let ends = [
        |actor: &ActorRef<Scribe>| actor.stop(),
        |actor: &ActorRef<Scribe>| actor.stop_now(),
        |actor: &ActorRef<Scribe>| actor.kill(),
    ];
    for (end, reason) in ends.into_iter().zip(["stopped", "stopped at once", ""]) {
        let (actor, log) = scribe();
        let scoped = system
            .actor(actor)
            .urn("helper")
            .at(place)
            .unwrap()
            .scoped();
        scoped.note(1).await.unwrap();
        let ended = end(&scoped).await;
        // A second call changes nothing, and neither does the end of the scope.
        assert_eq!(end(&scoped).await, ended);
        let told = scoped.note(2).tell().await;
        assert!(matches!(told, Err(TellError::Stopped { .. })), "{told:?}");
        drop(scoped);
        let lines = match reason {
            "" => vec!["start".to_owned(), "1".to_owned(), "drop".to_owned()],
            reason => ["start", "1", &format!("stop: {reason}"), "drop"]
                .map(str::to_owned)
                .to_vec(),
        };
        assert_eq!(log.lines(), lines, "its hook runs once, or not at all");
    }
    // The system may also be gone before.
    let (actor, _log) = scribe();
    let scoped = system.actor(actor).at(place).unwrap().scoped();
    assert!(system.shutdown().await.is_clean());
    drop(scoped);
    assert_eq!(system.snapshot().dead_letters, 0);
}

/// Uses references to itself that it makes in a turn.
#[actor]
struct Selfish {
    log: Log,
    kept: Option<ActorRef<Self>>,
}

#[actor]
impl Selfish {
    /// Waits at the gate, and then passes a reference on.
    #[message(local)]
    async fn give(
        &mut self,
        gate: support::Gate,
        to: oneshot::Sender<ActorRef<Self>>,
        ctx: &mut Context<Self>,
    ) {
        gate.pass().await;
        to.send(ctx.me()).ok();
    }

    /// Waits at the gate, and then stores a reference.
    #[message(local)]
    async fn keep(&mut self, gate: support::Gate, ctx: &mut Context<Self>) {
        gate.pass().await;
        self.kept = Some(ctx.me());
    }

    /// Waits at the gate in a concurrent handler.
    #[message(local, concurrent)]
    async fn stay(gate: support::Gate) {
        gate.pass().await;
    }

    /// Sends itself the next message, for ever.
    #[message]
    fn again(&mut self, ctx: &mut Context<Self>) {
        drop(ctx.me().again().try_tell());
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[message]
    fn tick_on(&mut self, ctx: &mut Context<Self>) {
        ctx.tick(Duration::from_millis(1), || SelfishNote { n: 0 });
    }

    #[message]
    fn fail(&mut self) {
        panic!("boom");
    }

    #[on(stop)]
    fn end(&mut self, reason: &StopReason) {
        self.log.add(format!("stop: {reason}"));
    }
}

impl Drop for Selfish {
    fn drop(&mut self) {
        self.log.add("drop");
    }
}

const UNREFERENCED: &str = "stop: its last reference is gone";

/// Spawns one as a task and one on a thread.
fn selfish(system: &System) -> [(ActorRef<Selfish>, Log); 2] {
    let logs = [(); 2].map(|()| Log::default());
    let [task, thread] = logs.clone().map(|log| Selfish { log, kept: None });
    let actors = [
        system.spawn(task).unwrap(),
        system.actor(thread).on_thread().spawn().unwrap(),
    ];
    let mut logs = logs.into_iter();
    actors.map(|actor| (actor, logs.next().unwrap()))
}

#[support::test]
async fn a_reference_that_a_turn_makes_after_the_last_one_went_keeps_it_alive() {
    let system = System::new("lifetime");
    for (actor, log) in selfish(&system) {
        let (gate, mut keeper) = support::gate();
        let (to, given) = oneshot::channel();
        actor.give(gate, to).tell().await.unwrap();
        keeper.entered().await;
        actor.note(1).tell().await.unwrap();
        let weak = actor.downgrade();
        drop(actor);
        assert!(weak.upgrade().is_none());
        keeper.open();
        let given = given.await.unwrap();
        assert_eq!(given.state(), Some(State::Running));
        assert_eq!(weak.upgrade().as_ref(), Some(&given));
        // Long after the queue was empty.
        for n in 2..5 {
            given.note(n).await.unwrap();
        }
        let end = weak.clone();
        drop(given);
        until(|| log.has("drop")).await;
        assert!(end.upgrade().is_none());
        assert_eq!(log.lines(), ["1", "2", "3", "4", UNREFERENCED, "drop"]);
    }
}

#[support::test]
async fn a_message_of_which_nobody_keeps_the_reference_may_give_one_away() {
    let system = System::new("lifetime");
    for (actor, log) in selfish(&system) {
        let (gate, keeper) = support::gate();
        let (to, given) = oneshot::channel();
        keeper.open();
        // The reference is gone before the turn begins.
        actor.give(gate, to).try_tell().unwrap();
        drop(actor);
        given.await.unwrap().note(7).await.unwrap();
        until(|| log.has("drop")).await;
        assert_eq!(log.lines(), ["7", UNREFERENCED, "drop"]);
    }
}

#[support::test]
async fn a_concurrent_handler_does_not_hold_up_what_such_a_reference_sends() {
    let system = System::new("lifetime");
    for (actor, log) in selfish(&system) {
        let (stays, mut leave) = support::gate();
        actor.stay(stays).tell().await.unwrap();
        leave.entered().await;
        let (gate, keeper) = support::gate();
        let (to, given) = oneshot::channel();
        keeper.open();
        actor.give(gate, to).try_tell().unwrap();
        drop(actor);
        let given = given.await.unwrap();
        for n in 0..3 {
            given.note(n).await.unwrap();
        }
        leave.open();
        drop(given);
        until(|| log.has("drop")).await;
        assert_eq!(log.lines(), ["0", "1", "2", UNREFERENCED, "drop"]);
    }
}

#[support::test]
async fn one_that_keeps_a_reference_to_itself_lives_until_it_is_stopped() {
    let system = System::new("lifetime");
    for (actor, log) in selfish(&system) {
        let (gate, mut keeper) = support::gate();
        actor.keep(gate).tell().await.unwrap();
        keeper.entered().await;
        let weak = actor.downgrade();
        drop(actor);
        keeper.open();
        until(|| weak.upgrade().is_some()).await;
        assert!(lives(&system).await);
        let actor = weak.upgrade().unwrap();
        actor.note(1).await.unwrap();
        assert_eq!(actor.stop().await, StopReason::Stopped);
        assert_eq!(log.lines(), ["1", "stop: stopped", "drop"]);
    }
}

#[support::test]
async fn what_it_sends_to_itself_does_not_keep_it_alive() {
    let system = System::new("lifetime");
    for (actor, log) in selfish(&system) {
        actor.again().await.unwrap();
        actor.note(1).await.unwrap();
        drop(actor);
        until(|| log.has("drop")).await;
        assert_eq!(log.lines(), ["1", UNREFERENCED, "drop"]);
    }
}

#[support::test]
async fn other_inputs_do_not_keep_it_alive() {
    let system = System::new("lifetime");
    for (actor, log) in selfish(&system) {
        actor.tick_on().await.unwrap();
        until(|| log.has("0")).await;
        drop(actor);
        until(|| log.has("drop")).await;
        assert!(log.has(UNREFERENCED));
    }
}

#[support::test(start_paused = true)]
async fn the_last_reference_may_go_in_a_pause_before_a_restart() {
    for before in [true, false] {
        let system = System::new("lifetime");
        let log = Log::default();
        let others = log.clone();
        let make = move || Selfish {
            log: others.clone(),
            kept: None,
        };
        let an_hour = Duration::from_secs(3600);
        let restart = Restart::on_failure().backoff(Backoff::from(an_hour).up_to(an_hour));
        let actor = system.actor_with(make).restart(restart).spawn().unwrap();
        let queued = actor.fail().reply().await.unwrap();
        let note = actor.note(1).reply().await.unwrap();
        let begun = Instant::now();
        if before {
            drop(actor);
            assert!(matches!(queued.await, Err(AskError::Panicked { .. })));
        } else {
            assert!(matches!(queued.await, Err(AskError::Panicked { .. })));
            until(|| actor.state() == Some(State::Restarting)).await;
            drop(actor);
        }
        let error = note.await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotDelivered);
        assert!(!lives(&system).await);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
