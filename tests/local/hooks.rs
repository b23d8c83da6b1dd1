//! Hooks: their times, their order, and the effects of their errors.

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, Log, NoGood, gate};

support::on_every_place! {
    a_value_that_was_given_is_not_created,
    the_stop_hook_does_not_run_after_a_kill,
    an_error_goes_to_the_asker_and_the_actor_goes_on,
    an_error_that_nobody_asked_about_goes_to_the_hook_and_resume_goes_on,
    the_hook_may_stop_the_actor_which_then_ends_in_order,
    without_a_hook_an_error_that_nobody_asked_about_is_counted_and_the_actor_goes_on,
    dropped_replies_do_not_make_an_error_one_that_nobody_asked_about,
}

/// Behaviour of the hooks in a test.
#[derive(Default, Clone)]
struct Plan {
    log: Log,
    fail_create: bool,
    fail_start: bool,
    stop_at_start: bool,
    on_error: Directive,
}

#[actor(urn = "hooked")]
struct Hooked(Plan);

#[actor]
impl Hooked {
    #[on(create)]
    async fn create(plan: Plan, ctx: &mut Context<Self>) -> Result<Self, NoGood> {
        plan.log.add("create");
        // A reference to the actor works before the actor is made.
        assert_eq!(ctx.system().lookup("hooked").unwrap().urn(), ctx.urn());
        if plan.fail_create {
            return Err(NoGood("create".into()));
        }
        Ok(Self(plan))
    }

    #[on(start)]
    async fn started(&mut self, ctx: &mut Context<Self>) -> Result<(), NoGood> {
        self.0.log.add("start");
        if self.0.stop_at_start {
            ctx.stop();
        }
        if self.0.fail_start {
            return Err(NoGood("start".into()));
        }
        Ok(())
    }

    #[on(stop)]
    async fn stopped(&mut self, reason: &StopReason, ctx: &mut Context<Self>) {
        assert_eq!(ctx.urn(), "hooked");
        self.0.log.add(format!("stop: {reason}"));
    }

    #[on(error)]
    async fn failed(&mut self, error: HandlerError) -> Directive {
        let inner: &NoGood = error.error.downcast_ref().unwrap();
        self.0.log.add(format!("{}: {inner}", error.message));
        self.0.on_error
    }

    #[message]
    fn note(&mut self, n: u64) -> u64 {
        self.0.log.add(n.to_string());
        n
    }

    #[message]
    async fn fail(&mut self, why: String) -> Result<(), NoGood> {
        tokio::task::yield_now().await;
        Err(NoGood(why))
    }

    #[message]
    fn fail_anyhow(&mut self, why: String) -> conclib::Result {
        Err(NoGood(why))?
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    async fn wait(&mut self) {
        std::future::pending::<()>().await;
    }
}

impl Drop for Hooked {
    fn drop(&mut self) {
        self.0.log.add("drop");
    }
}

fn plan() -> Plan {
    Plan::default()
}

#[support::test]
async fn an_actor_is_made_started_served_stopped_and_dropped_in_that_order() {
    let system = System::new("hooks");
    let plan = plan();
    let hooked = system.create::<Hooked>(plan.clone()).spawn().unwrap();
    // Messages sent before the actor is made wait for its start.
    hooked.note(1).try_tell().unwrap();
    assert!(plan.log.lines().is_empty());
    hooked.started().await.unwrap();
    hooked.note(2).await.unwrap();
    assert_eq!(hooked.stop().await, StopReason::Stopped);
    let lines = ["create", "start", "1", "2", "stop: stopped", "drop"];
    assert_eq!(plan.log.lines(), lines);
    assert!(hooked.started().await.is_ok(), "it did start");
}

async fn a_value_that_was_given_is_not_created(place: Place) {
    let system = System::new("hooks");
    let plan = plan();
    let hooked = system.actor(Hooked(plan.clone())).at(place).unwrap();
    hooked.stop().await;
    assert_eq!(plan.log.lines(), ["start", "stop: stopped", "drop"]);
}

#[support::test]
async fn a_failed_start_is_told_its_queue_answered_and_its_name_free() {
    let system = System::new("hooks");
    for (fail_create, what, lines) in [
        (true, "no good: create", vec!["create"]),
        (false, "no good: start", vec!["create", "start", "drop"]),
    ] {
        let plan = Plan {
            fail_create,
            fail_start: !fail_create,
            ..plan()
        };
        let hooked = system.create::<Hooked>(plan.clone()).spawn().unwrap();
        let asked = hooked.note(1).reply().await.unwrap();
        hooked.note(2).tell().await.unwrap();
        let error = hooked.started().await.unwrap_err();
        assert_eq!(*error.urn(), "hooked");
        assert!(error.to_string().contains(what), "{error}");
        let Some(StopReason::StartFailed(fault)) = error.reason() else {
            panic!("{error}");
        };
        assert_eq!(fault.message, what);
        assert!(error.reason().is_some_and(StopReason::is_failure));
        let refused = asked.await.unwrap_err();
        assert!(matches!(refused, AskError::Stopped { .. }));
        assert_eq!(refused.delivery(), Delivery::NotDelivered);
        // `#[on(stop)]` runs only for an actor that started.
        assert_eq!(plan.log.lines(), lines);
        assert_eq!(Some(&hooked.stop().await), error.reason());

        let next = system.create::<Hooked>(Plan::default()).spawn().unwrap();
        next.started().await.unwrap();
        next.stop().await;
    }
    assert_eq!(system.snapshot().dead_letters, 4);
}

#[support::test]
async fn an_actor_may_stop_itself_as_it_starts() {
    let system = System::new("hooks");
    let plan = Plan {
        stop_at_start: true,
        ..plan()
    };
    let hooked = system.spawn(Hooked(plan.clone())).unwrap();
    hooked.note(1).try_tell().unwrap();
    assert!(hooked.started().await.is_ok());
    assert_eq!(hooked.stopped().await, Some(StopReason::Stopped));
    assert_eq!(plan.log.lines(), ["start", "1", "stop: stopped", "drop"]);
}

async fn the_stop_hook_does_not_run_after_a_kill(place: Place) {
    let system = System::new("hooks");
    let plan = plan();
    let hooked = system.actor(Hooked(plan.clone())).at(place).unwrap();
    let asked = hooked.wait().reply().await.unwrap();
    support::until(|| system.snapshot().actors[0].busy_with.is_some()).await;
    assert_eq!(hooked.kill().await, StopReason::Killed);
    assert_eq!(asked.await.unwrap_err().delivery(), Delivery::MayHaveRun);
    assert_eq!(plan.log.lines(), ["start", "drop"]);
}

async fn an_error_goes_to_the_asker_and_the_actor_goes_on(place: Place) {
    let system = System::new("hooks");
    let plan = Plan {
        on_error: Directive::Stop,
        ..plan()
    };
    let hooked = system.actor(Hooked(plan.clone())).at(place).unwrap();
    for why in ["a", "b"] {
        let error = hooked.fail(why.into()).await.unwrap_err();
        assert_eq!(error, AskError::Handler(NoGood(why.into())));
        assert_eq!(error.delivery(), Delivery::MayHaveRun);
        assert_eq!(error.into_handler(), Some(NoGood(why.into())));
    }
    assert_eq!(hooked.note(1).await, Ok(1));
    // The error hook did not run for it.
    assert_eq!(plan.log.lines(), ["start", "1"]);
    support::until(|| system.snapshot().actors[0].handled == 3).await;
    let seen = system.snapshot();
    assert_eq!((seen.actors[0].handled, seen.actors[0].failed), (3, 2));
    assert_eq!(seen.actors[0].last_error, None);
}

async fn an_error_that_nobody_asked_about_goes_to_the_hook_and_resume_goes_on(place: Place) {
    let system = System::new("hooks");
    let plan = plan();
    let hooked = system.actor(Hooked(plan.clone())).at(place).unwrap();
    hooked.fail("a".into()).tell().await.unwrap();
    assert_eq!(hooked.note(1).await, Ok(1));
    assert_eq!(plan.log.lines(), ["start", "fail: no good: a", "1"]);
    // The message is counted after its answer has left.
    support::until(|| system.snapshot().actors[0].handled == 2).await;
    let seen = system.snapshot();
    assert_eq!((seen.actors[0].handled, seen.actors[0].failed), (2, 1));
    let last = seen.actors[0].last_error.as_deref();
    assert_eq!(last, Some("handling `fail` failed: no good: a"));
    // A message that ends in an error counts as handled.
    assert_eq!(seen.dead_letters, 0);
    // An error of any kind is the one that it was made of.
    hooked.fail_anyhow("b".into()).tell().await.unwrap();
    hooked.note(2).await.unwrap();
    assert_eq!(plan.log.lines()[3..], ["fail_anyhow: no good: b", "2"]);
}

async fn the_hook_may_stop_the_actor_which_then_ends_in_order(place: Place) {
    let system = System::new("hooks");
    let plan = Plan {
        on_error: Directive::Stop,
        ..plan()
    };
    let hooked = system.actor(Hooked(plan.clone())).at(place).unwrap();
    let (gate, keeper) = gate();
    hooked.hold(gate).tell().await.unwrap();
    hooked.fail("a".into()).tell().await.unwrap();
    let queued = hooked.note(1).reply().await.unwrap();
    keeper.open();
    let reason = hooked.stopped().await.unwrap();
    assert!(reason.is_failure());
    assert_eq!(queued.await.unwrap_err().delivery(), Delivery::NotDelivered);
    // The text names the error once.
    let text = "failed: handling `fail` failed: no good: a";
    assert_eq!(reason.to_string(), text);
    let stop = format!("stop: {text}");
    let lines = ["start", "fail: no good: a", &stop, "drop"];
    assert_eq!(plan.log.lines(), lines);
}

/// Has no hooks at all.
#[actor]
struct Plain;

#[actor]
impl Plain {
    #[message]
    fn fail(&mut self) -> Result<(), NoGood> {
        Err(NoGood("plain".into()))
    }
}

async fn without_a_hook_an_error_that_nobody_asked_about_is_counted_and_the_actor_goes_on(
    place: Place,
) {
    let system = System::new("hooks");
    let plain = system.actor(Plain).at(place).unwrap();
    for _ in 0..3 {
        plain.fail().tell().await.unwrap();
    }
    assert!(plain.fail().await.is_err());
    // The message is counted after its answer has left.
    support::until(|| system.snapshot().actors[0].handled == 4).await;
    let seen = system.snapshot().actors.pop().unwrap();
    assert_eq!((seen.handled, seen.failed), (4, 4));
    assert_eq!(seen.state, State::Running);
}

async fn dropped_replies_do_not_make_an_error_one_that_nobody_asked_about(place: Place) {
    let system = System::new("hooks");
    let plan = plan();
    let hooked = system.actor(Hooked(plan.clone())).at(place).unwrap();
    let asked = hooked.fail("left".into()).reply().await.unwrap();
    hooked.note(1).await.unwrap();
    assert_eq!(
        asked.await.unwrap_err().into_handler(),
        Some(NoGood("left".into()))
    );
    assert_eq!(plan.log.lines(), ["start", "1"]);
}
