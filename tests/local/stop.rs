//! Three ways to stop. Each is idempotent, can be awaited by many tasks, and
//! resolves only once the state is dropped and the name is free.

use conclib::prelude::*;
use conclib::{Place, Restart};
use support::{At, Gate, Keeper, Log, Scribe, ScribeCalls, gate, hold, poll_once, scribe};
use tokio::task::JoinSet;

support::on_every_place! {
    stop_serves_what_is_queued_and_refuses_what_comes_later,
    stop_now_finishes_the_turn_that_runs_and_refuses_what_is_queued,
    kill_ends_the_turn_at_its_next_await_and_says_so_to_its_asker,
    the_signal_is_given_whether_or_not_the_end_is_awaited,
    a_more_urgent_word_overtakes_and_a_milder_one_changes_nothing,
    an_actor_that_stops_itself_answers_first_then_runs_its_hook,
    the_state_moves_from_starting_over_running_and_stopping_to_stopped,
    an_actor_that_failed_is_stopping_until_it_has_stopped,
    an_actor_that_serves_what_is_left_is_stopping,
    a_kill_ends_an_actor_that_is_starting_and_that_counts_as_not_started,
    stop_now_lets_an_actor_that_is_starting_start_and_stop,
    a_kill_ends_an_actor_that_is_in_its_stop_hook,
    an_any_ref_can_stop_its_actor_too;
    multi_thread:
    a_turn_that_never_awaits_is_killed_at_its_end,
    each_word_is_idempotent_and_resolves_for_many_after_the_state_is_dropped,
    a_name_can_be_taken_again_as_soon_as_its_actor_has_stopped,
}

type End = fn(&ActorRef<Scribe>) -> Stopping;

const ENDS: [(End, StopReason); 3] = [
    (ActorRef::stop, StopReason::Stopped),
    (ActorRef::stop_now, StopReason::StoppedNow),
    (ActorRef::kill, StopReason::Killed),
];

async fn stop_serves_what_is_queued_and_refuses_what_comes_later(place: Place) {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let urn = scribe.urn();
    let keeper = hold(&scribe).await;
    scribe.note(1).tell().await.unwrap();
    let asked = scribe.echo(2).reply().await.unwrap();
    scribe.note(3).tell().await.unwrap();
    let mut stopping = scribe.stop();
    assert!(poll_once(&mut stopping).is_pending());

    let refused = AskError::Stopped {
        urn: urn.clone(),
        delivery: Delivery::NotDelivered,
    };
    assert_eq!(scribe.echo(4).await, Err(refused));
    for error in [
        scribe.note(5).tell().await.unwrap_err(),
        scribe.note(5).try_tell().unwrap_err(),
        scribe.note(5).reply().await.unwrap_err(),
    ] {
        assert!(matches!(&error, TellError::Stopped { urn: to, .. } if *to == urn));
        assert_eq!(error.into_message().n, 5);
    }

    keeper.open();
    assert_eq!(asked.await, Ok(2));
    assert_eq!(stopping.await, StopReason::Stopped);
    let lines = ["start", "held", "1", "3", "stop: stopped", "drop"];
    assert_eq!(log.lines(), lines);
}

async fn stop_now_finishes_the_turn_that_runs_and_refuses_what_is_queued(place: Place) {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let (gate, mut keeper) = gate();
    let running = scribe.hold(gate).reply().await.unwrap();
    keeper.entered().await;
    let mut queued = Vec::new();
    for n in 0..3 {
        queued.push(scribe.echo(n).reply().await.unwrap());
    }
    scribe.note(9).tell().await.unwrap();
    let mut stopping = scribe.stop_now();
    assert!(poll_once(&mut stopping).is_pending());
    tokio::task::yield_now().await;
    assert!(poll_once(&mut stopping).is_pending());
    keeper.open();
    assert_eq!(stopping.await, StopReason::StoppedNow);
    assert_eq!(running.await, Ok(()));
    for reply in queued {
        let error = reply.await.unwrap_err();
        assert!(matches!(error, AskError::Stopped { .. }));
        assert_eq!(error.delivery(), Delivery::NotDelivered);
    }
    let lines = ["start", "held", "stop: stopped at once", "drop"];
    assert_eq!(log.lines(), lines);
    assert_eq!(system.snapshot().dead_letters, 4);
}

async fn kill_ends_the_turn_at_its_next_await_and_says_so_to_its_asker(place: Place) {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let (gate, mut keeper) = gate();
    let running = scribe.hold(gate).reply().await.unwrap();
    keeper.entered().await;
    let queued = scribe.echo(1).reply().await.unwrap();
    assert_eq!(scribe.kill().await, StopReason::Killed);
    let cut_short = running.await.unwrap_err();
    assert_eq!(cut_short.delivery(), Delivery::MayHaveRun);
    assert!(cut_short.to_string().contains("killed"), "{cut_short}");
    assert_eq!(queued.await.unwrap_err().delivery(), Delivery::NotDelivered);
    // Neither the rest of the turn nor `#[on(stop)]` has run.
    assert_eq!(log.lines(), ["start", "drop"]);
    drop(keeper);
}

async fn a_turn_that_never_awaits_is_killed_at_its_end(place: Place) {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let (gate, mut keeper) = gate();
    scribe.block(gate).tell().await.unwrap();
    keeper.entered().await;
    scribe.note(1).tell().await.unwrap();
    let mut killing = scribe.kill();
    assert!(poll_once(&mut killing).is_pending());
    keeper.open();
    assert_eq!(killing.await, StopReason::Killed);
    assert!(!log.has("1"));
}

async fn each_word_is_idempotent_and_resolves_for_many_after_the_state_is_dropped(place: Place) {
    for (end, reason) in ENDS {
        let system = System::new("stop");
        let (actor, log) = scribe();
        let scribe = system.actor(actor).urn("many").at(place).unwrap();
        let keeper = hold(&scribe).await;
        let mut waiting = JoinSet::new();
        for n in 0..20 {
            let (scribe, log, system) = (scribe.clone(), log.clone(), system.clone());
            waiting.spawn(async move {
                let reason = match n % 2 {
                    0 => end(&scribe).await,
                    _ => scribe.stopped().await.unwrap(),
                };
                assert!(log.has("drop"), "the state still lived");
                assert!(system.lookup("many").is_err(), "the name was still taken");
                assert_eq!(scribe.state(), Some(State::Stopped));
                reason
            });
        }
        keeper.open();
        for seen in waiting.join_all().await {
            assert_eq!(seen, reason);
        }
        // The reason of a past end does not change.
        assert_eq!(scribe.stop().await, reason);
        assert_eq!(scribe.stop_now().await, reason);
        assert_eq!(scribe.kill().await, reason);
        assert_eq!(scribe.stopped().await, Some(reason));
    }
}

async fn the_signal_is_given_whether_or_not_the_end_is_awaited(place: Place) {
    let system = System::new("stop");
    for (end, reason) in ENDS {
        let scribe = system.actor(scribe().0).at(place).unwrap();
        scribe.started().await.unwrap();
        drop(end(&scribe));
        assert_eq!(scribe.stopped().await, Some(reason));
    }
}

async fn a_more_urgent_word_overtakes_and_a_milder_one_changes_nothing(place: Place) {
    let system = System::new("stop");
    for (words, reason, held) in [
        ([0, 1], StopReason::StoppedNow, true),
        ([1, 0], StopReason::StoppedNow, true),
        ([0, 2], StopReason::Killed, false),
        ([1, 2], StopReason::Killed, false),
        ([2, 0], StopReason::Killed, false),
    ] {
        let (actor, log) = scribe();
        let scribe = system.actor(actor).at(place).unwrap();
        let keeper = hold(&scribe).await;
        scribe.note(1).tell().await.unwrap();
        let ends = words.map(|word| ENDS[word].0(&scribe));
        if held {
            keeper.open();
        }
        for end in ends {
            assert_eq!(end.await, reason, "{words:?}");
        }
        assert_eq!(log.has("held"), held, "{words:?}");
        assert!(!log.has("1"), "{words:?}");
    }
}

async fn a_name_can_be_taken_again_as_soon_as_its_actor_has_stopped(place: Place) {
    let system = System::new("stop");
    for round in 0..1000 {
        let (actor, log) = scribe();
        let scribe = system.actor(actor).urn("phoenix").at(place).unwrap();
        if round % 2 == 0 {
            scribe.note(round).tell().await.unwrap();
        }
        let (end, reason) = &ENDS[usize::try_from(round % 3).unwrap()];
        assert_eq!(end(&scribe).await, *reason);
        assert!(log.has("drop"));
    }
    assert!(system.snapshot().actors.is_empty());
}

async fn an_actor_that_stops_itself_answers_first_then_runs_its_hook(place: Place) {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).at(place).unwrap();
    let keeper = hold(&scribe).await;
    let quit = scribe.quit().reply().await.unwrap();
    scribe.note(1).tell().await.unwrap();
    keeper.open();
    assert_eq!(quit.await.as_deref(), Ok("bye"));
    assert_eq!(scribe.stopped().await, Some(StopReason::Stopped));
    // Messages queued before the stop are handled.
    let lines = ["start", "held", "1", "stop: stopped", "drop"];
    assert_eq!(log.lines(), lines);
}

/// Waits at a gate in each of its hooks.
#[actor]
struct Slow {
    start: Option<Gate>,
    stop: Option<Gate>,
    log: Log,
}

#[actor]
impl Slow {
    #[on(start)]
    async fn begin(&mut self) {
        if let Some(gate) = self.start.take() {
            gate.pass().await;
        }
        self.log.add("start");
    }

    #[on(stop)]
    async fn end(&mut self) {
        if let Some(gate) = self.stop.take() {
            gate.pass().await;
        }
        self.log.add("stop");
    }

    #[message]
    fn ping(&mut self) -> u8 {
        self.log.add("ping");
        7
    }

    #[message]
    fn fail(&mut self) {
        panic!("foo");
    }

    #[message]
    fn twice(&mut self, ctx: &mut Context<Self>) {
        ctx.stop_now();
        ctx.stop();
        ctx.stop_now();
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.log.add("drop");
    }
}

fn slow() -> (Slow, Keeper, Keeper, Log) {
    let (start, starting) = gate();
    let (stop, stopping) = gate();
    let log = Log::default();
    let slow = Slow {
        start: Some(start),
        stop: Some(stop),
        log: log.clone(),
    };
    (slow, starting, stopping, log)
}

#[support::test]
async fn an_actor_may_stop_itself_at_once_and_more_than_once() {
    let system = System::new("stop");
    let (actor, starting, stopping, log) = slow();
    starting.open();
    stopping.open();
    let slow = system.spawn(actor).unwrap();
    let twice = slow.twice().reply().await.unwrap();
    let queued = slow.ping().reply().await.unwrap();
    assert_eq!(twice.await, Ok(()));
    assert_eq!(queued.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(slow.stopped().await, Some(StopReason::StoppedNow));
    assert_eq!(log.lines(), ["start", "stop", "drop"]);
}

async fn the_state_moves_from_starting_over_running_and_stopping_to_stopped(place: Place) {
    let system = System::new("stop");
    let (actor, mut starting, mut stopping, _) = slow();
    let slow = system.actor(actor).urn("slow").at(place).unwrap();
    let seen = || {
        let there = system.snapshot().actors.first().map(|actor| actor.state);
        let any = system.lookup("slow").ok().map(|any| any.state());
        assert_eq!(there, any);
        (slow.state().unwrap(), there)
    };
    assert_eq!(seen(), (State::Starting, Some(State::Starting)));
    starting.entered().await;
    assert_eq!(seen(), (State::Starting, Some(State::Starting)));
    starting.open();
    slow.started().await.unwrap();
    assert_eq!(seen(), (State::Running, Some(State::Running)));
    let end = slow.stop();
    stopping.entered().await;
    assert_eq!(seen(), (State::Stopping, Some(State::Stopping)));
    stopping.open();
    end.await;
    assert_eq!(seen(), (State::Stopped, None));
}

async fn an_actor_that_failed_is_stopping_until_it_has_stopped(place: Place) {
    let system = System::new("stop");
    let (actor, starting, mut stopping, _) = slow();
    starting.open();
    let slow = system.actor(actor).at(place).unwrap();
    slow.fail().tell().await.unwrap();
    stopping.entered().await;
    assert_eq!(slow.state(), Some(State::Stopping));
    stopping.open();
    assert!(matches!(
        slow.stopped().await,
        Some(StopReason::Panicked(_))
    ));
    assert_eq!(slow.state(), Some(State::Stopped));
}

async fn an_actor_that_serves_what_is_left_is_stopping(place: Place) {
    let system = System::new("stop");
    let scribe = system.actor(scribe().0).at(place).unwrap();
    let keeper = hold(&scribe).await;
    assert_eq!(scribe.state(), Some(State::Running));
    let end = scribe.stop();
    assert_eq!(scribe.state(), Some(State::Stopping));
    assert_eq!(system.snapshot().actors[0].state, State::Stopping);
    keeper.open();
    end.await;
}

#[support::test]
async fn an_actor_told_to_stop_before_it_has_begun_starts_serves_and_stops() {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.spawn(actor).unwrap();
    scribe.note(1).try_tell().unwrap();
    assert_eq!(scribe.stop().await, StopReason::Stopped);
    assert_eq!(log.lines(), ["start", "1", "stop: stopped", "drop"]);
}

#[support::test]
async fn an_actor_killed_before_it_has_begun_ends() {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).urn("unborn").spawn().unwrap();
    let mut asked = scribe.echo(1).into_future();
    assert!(poll_once(&mut asked).is_pending());
    assert_eq!(scribe.kill().await, StopReason::Killed);
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["drop"]);
    assert!(scribe.started().await.is_err());
    assert!(system.lookup("unborn").is_err());
}

async fn a_kill_ends_an_actor_that_is_starting_and_that_counts_as_not_started(place: Place) {
    let system = System::new("stop");
    let (actor, mut starting, stopping, log) = slow();
    let slow = system.actor(actor).at(place).unwrap();
    starting.entered().await;
    let asked = slow.ping().reply().await.unwrap();
    assert_eq!(slow.kill().await, StopReason::Killed);
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["drop"]);
    let error = slow.started().await.unwrap_err();
    assert_eq!(*error.urn(), slow.urn());
    assert_eq!(error.reason(), Some(&StopReason::Killed));
    drop((starting, stopping));
}

async fn stop_now_lets_an_actor_that_is_starting_start_and_stop(place: Place) {
    let system = System::new("stop");
    let (actor, mut starting, stopping, log) = slow();
    let slow = system.actor(actor).at(place).unwrap();
    starting.entered().await;
    let asked = slow.ping().reply().await.unwrap();
    let end = slow.stop_now();
    starting.open();
    stopping.open();
    assert_eq!(end.await, StopReason::StoppedNow);
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::NotDelivered);
    assert_eq!(log.lines(), ["start", "stop", "drop"]);
    assert!(slow.started().await.is_ok());
}

async fn a_kill_ends_an_actor_that_is_in_its_stop_hook(place: Place) {
    let system = System::new("stop");
    let (actor, starting, mut stopping, log) = slow();
    starting.open();
    let slow = system.actor(actor).at(place).unwrap();
    drop(slow.stop());
    stopping.entered().await;
    assert_eq!(slow.kill().await, StopReason::Killed);
    assert_eq!(log.lines(), ["start", "drop"]);
    drop(stopping);
}

async fn an_any_ref_can_stop_its_actor_too(place: Place) {
    let system = System::new("stop");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).urn("any").at(place).unwrap();
    scribe.note(1).tell().await.unwrap();
    let any = system.lookup("any").unwrap();
    assert_eq!(any.stop().await, StopReason::Stopped);
    assert_eq!(any.state(), State::Stopped);
    assert_eq!(log.lines(), ["start", "1", "stop: stopped", "drop"]);
}

/// Kills itself in a turn that has no await after that.
#[actor]
struct Reaper {
    log: Log,
    /// Hook that kills.
    hook: &'static str,
}

#[actor]
impl Reaper {
    #[on(start)]
    fn begin(&mut self, ctx: &mut Context<Self>) {
        self.hook("start", ctx);
    }

    #[on(error)]
    fn failed(&mut self, ctx: &mut Context<Self>) -> Directive {
        self.hook("error", ctx);
        Directive::Resume
    }

    #[on(gone)]
    fn gone(&mut self, ctx: &mut Context<Self>) {
        self.hook("gone", ctx);
    }

    #[on(child)]
    fn child(&mut self, ctx: &mut Context<Self>) -> Directive {
        self.hook("child", ctx);
        Directive::Resume
    }

    #[on(stop)]
    fn end(&mut self) {
        self.log.add("stop");
    }

    fn hook(&mut self, name: &'static str, ctx: &Context<Self>) {
        self.log.add(name);
        if self.hook == name {
            drop(ctx.me().kill());
        }
    }

    #[message]
    fn in_a_turn(&mut self, ctx: &mut Context<Self>) {
        drop(ctx.me().kill());
        self.log.add("turn");
    }

    #[message]
    fn before_an_error(&mut self, ctx: &mut Context<Self>) -> Result<(), support::NoGood> {
        drop(ctx.me().kill());
        Err(support::NoGood("nobody asks".into()))
    }

    #[message]
    fn before_a_panic(&mut self, ctx: &mut Context<Self>) {
        drop(ctx.me().kill());
        panic!("after the kill");
    }

    #[message]
    fn before_a_word(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
        drop(ctx.me().kill());
    }

    #[message]
    fn fail(&mut self) -> Result<(), support::NoGood> {
        Err(support::NoGood("nobody asks".into()))
    }

    #[message]
    async fn lose_another(&mut self, ctx: &mut Context<Self>) {
        let other = ctx.system().spawn(scribe().0).unwrap();
        ctx.watch(&other);
        other.kill().await;
    }

    #[message]
    async fn lose_a_child(&mut self, ctx: &mut Context<Self>) {
        let child = ctx.spawn(scribe().0).unwrap();
        child.kill().await;
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.log.add("drop");
    }
}

/// Spawns it as a task and on a thread, from a value and from a closure.
fn reapers(system: &System, hook: &'static str) -> [(ActorRef<Reaper>, Log); 4] {
    let logs = [(); 4].map(|()| Log::default());
    let reaper = |n: usize| {
        let log = logs[n].clone();
        move || Reaper {
            log: log.clone(),
            hook,
        }
    };
    let restart = Restart::on_failure();
    let reapers = [
        system.spawn(reaper(0)()).unwrap(),
        system
            .actor_with(reaper(1))
            .restart(restart)
            .spawn()
            .unwrap(),
        system.actor(reaper(2)()).on_thread().spawn().unwrap(),
        system
            .actor_with(reaper(3))
            .restart(restart)
            .on_thread()
            .spawn()
            .unwrap(),
    ];
    let mut logs = logs.into_iter();
    reapers.map(|reaper| (reaper, logs.next().unwrap()))
}

#[support::test]
async fn no_hook_runs_after_a_kill_wherever_it_came() {
    type Send = fn(&ActorRef<Reaper>);
    let cases: [(&str, Send, &[&str]); 8] = [
        ("start", |_| (), &["start", "drop"]),
        (
            "",
            |it| it.in_a_turn().try_tell().unwrap(),
            &["start", "turn", "drop"],
        ),
        (
            "",
            |it| it.before_an_error().try_tell().unwrap(),
            &["start", "drop"],
        ),
        (
            "",
            |it| it.before_a_panic().try_tell().unwrap(),
            &["start", "drop"],
        ),
        (
            "",
            |it| it.before_a_word().try_tell().unwrap(),
            &["start", "drop"],
        ),
        (
            "error",
            |it| it.fail().try_tell().unwrap(),
            &["start", "error", "drop"],
        ),
        (
            "gone",
            |it| it.lose_another().try_tell().unwrap(),
            &["start", "gone", "drop"],
        ),
        (
            "child",
            |it| it.lose_a_child().try_tell().unwrap(),
            &["start", "child", "drop"],
        ),
    ];
    for (hook, send, lines) in cases {
        let system = System::new("stop");
        for (reaper, log) in reapers(&system, hook) {
            send(&reaper);
            assert_eq!(reaper.stopped().await, Some(StopReason::Killed));
            assert_eq!(log.lines(), lines, "{hook}");
        }
    }
}

#[support::test]
async fn a_kill_while_its_children_are_ended_runs_no_hook_of_the_parent() {
    let system = System::new("stop");
    for (reaper, log) in reapers(&system, "") {
        let (child, starting, mut stopping, _) = slow();
        starting.open();
        let child = system.actor(child).child_of(&reaper).spawn().unwrap();
        child.started().await.unwrap();
        drop(reaper.stop());
        stopping.entered().await;
        assert_eq!(reaper.kill().await, StopReason::Killed);
        assert_eq!(log.lines(), ["start", "drop"]);
        drop(stopping);
    }
}
