//! test_actor.py

use conclib::prelude::*;

use super::at::{At, on_every_place};
use super::clerk::{Clerk, ClerkCalls, Plan};
use support::{Keeper, gate};

on_every_place! {
    messages_left_in_queue_after_actor_stops_receive_an_error,
    stop_requests_left_in_queue_after_actor_stops_are_handled,
    actor_has_an_uuid4_based_urn,
    actor_has_unique_uuid,
    on_start_is_called_before_first_message_is_processed,
    on_start_is_called_after_the_actor_is_registered,
    on_start_can_stop_actor_before_receive_loop_is_started,
    on_start_failure_causes_actor_to_stop,
    on_stop_is_called_when_actor_is_stopped,
    on_stop_failure_causes_actor_to_stop,
    on_failure_is_called_when_exception_cannot_be_returned,
    on_failure_failure_causes_actor_to_stop,
    actor_is_stopped_when_unhandled_exceptions_are_raised,
    all_actors_are_stopped_on_base_exception,
    actor_can_call_stop_on_self_multiple_times,
    actor_processes_all_messages_before_stop_on_self_stops_it,
}

async fn busy(clerk: &ActorRef<Clerk>) -> Keeper {
    let (gate, mut keeper) = gate();
    clerk.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    keeper
}

async fn messages_left_in_queue_after_actor_stops_receive_an_error(at: At) {
    let clerk = at.spawn(Clerk::default());
    let keeper = busy(&clerk).await;
    let stopping = clerk.stop();
    // Difference: a new message is refused at once, before the turn ends.
    let error = clerk.ping().await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");
    keeper.open();
    stopping.await;

    // A message that was queued already is refused by the stop that skips the
    // queue.
    let clerk = at.spawn(Clerk::default());
    let keeper = busy(&clerk).await;
    let queued = clerk.ping().reply().await.unwrap();
    let stopping = clerk.stop_now();
    keeper.open();
    let error = queued.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }), "{error}");
    stopping.await;
}

async fn stop_requests_left_in_queue_after_actor_stops_are_handled(at: At) {
    let clerk = at.spawn(Clerk::default());
    let keeper = busy(&clerk).await;
    let (first, second) = (clerk.stop(), clerk.stop());
    keeper.open();
    assert_eq!(second.await, StopReason::Stopped);
    assert_eq!(first.await, StopReason::Stopped);
}

async fn actor_has_an_uuid4_based_urn(at: At) {
    let urn = at.spawn(Clerk::default()).urn();
    let uuid = urn.as_str().strip_prefix("urn:uuid:").unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
}

async fn actor_has_unique_uuid(at: At) {
    let urns = [(); 3].map(|()| at.spawn(Clerk::default()).urn());
    assert_ne!(urns[0], urns[1]);
    assert_ne!(urns[1], urns[2]);
    assert_ne!(urns[2], urns[0]);
}

/// Error for `#[on(create)]`.
#[actor]
struct Made(String);

#[actor]
impl Made {
    #[on(create)]
    fn create((a, b, c, d): (u8, u8, u8, &'static str)) -> Self {
        Self(format!("{a} {b} {c} {d}"))
    }

    #[message]
    fn what(&mut self) -> String {
        self.0.clone()
    }
}

#[support::test]
async fn init_can_be_called_with_arbitrary_arguments() {
    let system = System::new("pykka");
    let made = system.create::<Made>((1, 2, 3, "bar")).spawn().unwrap();
    assert_eq!(made.what().await.unwrap(), "1 2 3 bar");
}

async fn on_start_is_called_before_first_message_is_processed(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.ping().await.unwrap();
    assert_eq!(plan.log.lines()[1..], ["start", "ping"]);
}

async fn on_start_is_called_after_the_actor_is_registered(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.started().await.unwrap();
    assert_eq!(plan.log.lines(), ["registered", "start"]);
}

async fn on_start_can_stop_actor_before_receive_loop_is_started(at: At) {
    let plan = Plan {
        stops_at_start: true,
        ..Plan::default()
    };
    let clerk = at.spawn(Clerk(plan.clone()));
    assert_eq!(clerk.stopped().await, Some(StopReason::Stopped));
    assert_eq!(plan.log.lines(), ["registered", "start", "stop"]);
    assert_eq!(clerk.state(), Some(State::Stopped));
}

async fn on_start_failure_causes_actor_to_stop(at: At) {
    let clerk = at.spawn(Clerk(Plan::failing_in("start")));
    let error = clerk.started().await.unwrap_err();
    assert!(error.to_string().contains("start failure"), "{error}");
    assert_eq!(clerk.state(), Some(State::Stopped));
}

async fn on_stop_is_called_when_actor_is_stopped(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.ping().await.unwrap();
    assert!(!plan.log.has("stop"));
    clerk.stop().await;
    assert!(plan.log.has("stop"));
}

async fn on_stop_failure_causes_actor_to_stop(at: At) {
    let plan = Plan {
        stops_at_start: true,
        ..Plan::failing_in("stop")
    };
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.stopped().await;
    assert!(plan.log.has("stop"));
    assert_eq!(clerk.state(), Some(State::Stopped));
}

async fn on_failure_is_called_when_exception_cannot_be_returned(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.raise().tell().await.unwrap();
    // Difference: the actor continues unless the hook says otherwise.
    clerk.ping().await.unwrap();
    assert_eq!(plan.log.lines()[2..], ["failure", "ping"]);
}

async fn on_failure_failure_causes_actor_to_stop(at: At) {
    let clerk = at.spawn(Clerk(Plan::failing_in("failure")));
    clerk.raise().tell().await.unwrap();
    let reason = clerk.stopped().await.unwrap();
    assert!(matches!(reason, StopReason::Panicked(_)), "{reason}");
    assert_eq!(clerk.state(), Some(State::Stopped));
}

async fn actor_is_stopped_when_unhandled_exceptions_are_raised(at: At) {
    let plan = Plan::strict();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.raise().tell().await.unwrap();
    assert!(clerk.stopped().await.unwrap().is_failure());
    // Difference: the stop hook runs too, to release resources.
    assert_eq!(plan.log.lines()[2..], ["failure", "stop"]);
    assert!(at.system.all().is_empty());
}

/// Difference: a panic ends the actor that panicked, and no other.
async fn all_actors_are_stopped_on_base_exception(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    let other = at.spawn(Clerk::default());
    clerk.explode().tell().await.unwrap();
    let reason = clerk.stopped().await.unwrap();
    assert!(matches!(reason, StopReason::Panicked(_)), "{reason}");
    assert!(plan.log.has("stop"));
    assert_eq!(other.ping().await.unwrap(), "pong");
    assert_eq!(at.system.all().len(), 1);
}

async fn actor_can_call_stop_on_self_multiple_times(at: At) {
    let clerk = at.spawn(Clerk::default());
    clerk.stop_twice().await.unwrap();
    assert_eq!(clerk.stopped().await, Some(StopReason::Stopped));
}

async fn actor_processes_all_messages_before_stop_on_self_stops_it(at: At) {
    let plan = Plan::default();
    let clerk = at.spawn(Clerk(plan.clone()));
    clerk.message_self_then_stop().await.unwrap();
    clerk.stopped().await;
    assert_eq!(plan.log.lines()[2..], ["greetings", "stop"]);
    assert!(at.system.all().is_empty());
}
