//! A message that was accepted and not handled becomes an event and is counted.
//! Events come in order, and a slow subscriber gets the number of missed ones.

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, Scribe, ScribeCalls, ScribeNote, gate, hold, next_dead_letter, scribe};

support::on_every_place! {
    a_life_is_told_from_its_start_to_its_end,
    a_dead_letter_names_the_actor_that_sent_it,
    the_message_that_killed_its_actor_is_a_dead_letter_with_its_name_and_its_asker,
    a_told_message_whose_turn_is_killed_is_a_dead_letter,
    dead_letters_are_counted_whether_or_not_somebody_listens,
    a_slow_listener_is_told_how_many_events_it_missed_and_goes_on,
    the_events_end_when_the_last_reference_goes_after_the_system,
    a_message_that_was_handled_is_no_dead_letter,
}

async fn a_life_is_told_from_its_start_to_its_end(place: Place) {
    let system = System::new("events");
    let mut events = system.events();
    let scribe = system.actor(scribe().0).urn("one").at(place).unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(1).tell().await.unwrap();
    drop(scribe.stop_now());
    keeper.open();
    let urn: Urn = "one".parse().unwrap();
    let started = Event::Started { urn: urn.clone() };
    assert_eq!(events.next().await, Some(started));
    let letter = next_dead_letter(&mut events).await;
    assert_eq!((&letter.urn, letter.message), (&urn, "note"));
    assert_eq!(letter.cause, DeadLetterCause::Stopped);
    let stopped = Event::Stopped {
        urn,
        reason: StopReason::StoppedNow,
    };
    assert_eq!(events.next().await, Some(stopped));
    // The name is free once the event of the end is sent.
    system.actor(self::scribe().0).urn("one").at(place).unwrap();
}

/// Tells another actor from its turn.
#[actor(urn = "teller")]
struct Teller(Recipient<ScribeNote>);

#[actor]
impl Teller {
    #[message]
    async fn pass(&mut self, n: u64) -> bool {
        self.0.ask(ScribeNote { n }).tell().await.is_ok()
    }
}

async fn a_dead_letter_names_the_actor_that_sent_it(place: Place) {
    let system = System::new("events");
    let mut events = system.events();
    let scribe = system.actor(scribe().0).at(place).unwrap();
    let teller = system.actor(Teller(scribe.recipient())).at(place).unwrap();
    let keeper = hold(&scribe).await;
    assert_eq!(teller.pass(1).await, Ok(true));
    scribe.note(2).tell().await.unwrap();
    drop(scribe.stop_now());
    keeper.open();
    let from = next_dead_letter(&mut events).await.from;
    assert_eq!(from.as_ref().map(Urn::as_str), Some("teller"));
    assert_eq!(next_dead_letter(&mut events).await.from, None);
    // A message whose send was refused is no dead letter.
    scribe.stopped().await;
    assert_eq!(teller.pass(3).await, Ok(false));
    assert_eq!(system.snapshot().dead_letters, 2);
}

/// Asks and tells another actor messages that end it.
#[actor(urn = "asker")]
struct Asker(ActorRef<Scribe>);

#[actor]
impl Asker {
    #[message]
    async fn provoke(&mut self) -> bool {
        let asked = self.0.explode("boom".to_owned()).await;
        matches!(asked, Err(AskError::Panicked { .. }))
    }

    #[message]
    async fn leave_behind(&mut self) {
        self.0.explode("boom".to_owned()).tell().await.unwrap();
    }

    #[message(local)]
    async fn have_held(&mut self, gate: Gate) {
        self.0.hold(gate).tell().await.unwrap();
    }
}

async fn the_message_that_killed_its_actor_is_a_dead_letter_with_its_name_and_its_asker(
    place: Place,
) {
    let system = System::new("events");
    let mut events = system.events();
    let restart = Restart::on_failure().backoff(Backoff::none());
    let victim = system.actor_with(|| scribe().0).urn("victim");
    let victim = victim.restart(restart).at(place).unwrap();
    let asker = system.actor(Asker(victim.clone())).at(place).unwrap();
    let mut killed_by = async |message: &str, from: Option<&str>, cause| {
        let letter = next_dead_letter(&mut events).await;
        assert_eq!((letter.urn.as_str(), letter.message), ("victim", message));
        assert_eq!(letter.from.as_ref().map(Urn::as_str), from);
        assert_eq!(letter.cause, cause);
    };
    let panicked = DeadLetterCause::Panicked;

    // Covers asks and tells, from an actor and from outside of actors, and a
    // turn after them.
    assert_eq!(asker.provoke().await, Ok(true));
    killed_by("explode", Some("asker"), panicked).await;
    asker.leave_behind().await.unwrap();
    killed_by("explode", Some("asker"), panicked).await;
    victim.explode("boom".to_owned()).await.unwrap_err();
    killed_by("explode", None, panicked).await;
    assert_eq!(victim.echo(7).await, Ok(7));
    // The dead letter of an interrupted turn names its sender, too.
    let (gate, mut keeper) = gate();
    asker.have_held(gate).await.unwrap();
    keeper.entered().await;
    victim.kill().await;
    killed_by("hold", Some("asker"), DeadLetterCause::Stopped).await;
    assert_eq!(system.snapshot().dead_letters, 4);
}

async fn a_told_message_whose_turn_is_killed_is_a_dead_letter(place: Place) {
    let system = System::new("events");
    let mut events = system.events();
    let scribe = system.actor(scribe().0).at(place).unwrap();
    let keeper = hold(&scribe).await;
    scribe.kill().await;
    let letter = next_dead_letter(&mut events).await;
    assert_eq!((letter.urn, letter.message), (scribe.urn(), "hold"));
    drop(keeper);
}

async fn dead_letters_are_counted_whether_or_not_somebody_listens(place: Place) {
    let system = System::new("events");
    let scribe = system.actor(scribe().0).at(place).unwrap();
    let keeper = hold(&scribe).await;
    for n in 0..10 {
        scribe.note(n).tell().await.unwrap();
    }
    drop(scribe.stop_now());
    keeper.open();
    scribe.stopped().await;
    assert_eq!(system.snapshot().dead_letters, 10);
    assert_eq!(system.shutdown().await.dead_letters, 10);
}

async fn a_slow_listener_is_told_how_many_events_it_missed_and_goes_on(place: Place) {
    let system = System::new("events");
    let mut slow = system.events();
    let mut quick = system.events();
    let scribe = system.actor(scribe().0).mailbox(2000).at(place).unwrap();
    let keeper = hold(&scribe).await;
    for n in 0..1500 {
        scribe.note(n).try_tell().unwrap();
    }
    drop(scribe.stop_now());
    keeper.open();
    scribe.stopped().await;
    // 1500 dead letters, a start and an end; 1024 are kept.
    let mut seen = 0;
    for events in [&mut slow, &mut quick] {
        let Some(Event::Lagged(missed)) = events.next().await else {
            panic!("it did not miss any");
        };
        loop {
            seen += 1;
            match events.next().await {
                Some(Event::DeadLetter(_)) => {}
                Some(Event::Stopped { .. }) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(missed + seen, 1502);
        seen = 0;
    }
    // A new subscriber gets the events from its subscription on.
    let mut late = system.events();
    let next = system
        .actor(self::scribe().0)
        .urn("next")
        .at(place)
        .unwrap();
    next.started().await.unwrap();
    let started = Event::Started { urn: next.urn() };
    assert_eq!(late.next().await, Some(started.clone()));
    assert_eq!(slow.next().await, Some(started));
}

#[support::test]
async fn the_events_end_with_the_system() {
    let system = System::new("events");
    let mut events = system.events();
    drop(system);
    assert_eq!(events.next().await, None);
}

async fn the_events_end_when_the_last_reference_goes_after_the_system(place: Place) {
    let system = System::new("events");
    let mut events = system.events();
    let scribe = system.actor(scribe().0).at(place).unwrap();
    drop(system);
    scribe.stopped().await;
    drop(scribe);
    let mut ends = 0;
    while let Some(event) = events.next().await {
        ends += usize::from(matches!(event, Event::Stopped { .. }));
    }
    assert_eq!(ends, 1);
}

async fn a_message_that_was_handled_is_no_dead_letter(place: Place) {
    let system = System::new("events");
    let scribe = system.actor(scribe().0).at(place).unwrap();
    assert!(scribe.refuse("no".into()).await.is_err());
    scribe.refuse("no".into()).tell().await.unwrap();
    assert_eq!(scribe.echo(1).reply().await.unwrap().await, Ok(1));
    let (gate, keeper) = gate();
    keeper.open();
    scribe.hold(gate).await.unwrap();
    scribe.stop().await;
    assert_eq!(system.snapshot().dead_letters, 0);
}
