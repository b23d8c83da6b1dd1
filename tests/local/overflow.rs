//! A full mailbox follows its policy, and no policy loses a message silently:
//! sent = handled + rejected + dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclib::Place;
use conclib::prelude::*;
use support::{At, Gate, ScribeCalls, gate, hold, next_dead_letter, scribe};
use tokio::task::JoinSet;

support::on_every_place! {
    wait_refuses_only_those_who_do_not_wait,
    reject_gives_the_message_back_to_every_way_of_sending,
    drop_newest_keeps_what_is_queued_and_dead_letters_the_rest,
    drop_oldest_keeps_the_newest_and_answers_those_it_drops,
    drop_oldest_reaches_what_waited_already_when_the_turn_began,
    what_an_actor_sends_to_itself_is_never_refused_for_want_of_room,
    what_an_actor_sends_to_itself_after_its_stop_is_refused;
    multi_thread:
    under_load_every_message_is_handled_rejected_or_dropped,
}

async fn wait_refuses_only_those_who_do_not_wait(place: Place) {
    let system = System::new("overflow");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).at(place).unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let refused = scribe.note(1).try_tell().unwrap_err();
    assert!(matches!(refused, TellError::Full { .. }));
    let waiting = tokio::spawn(scribe.note(2).owned().tell());
    keeper.open();
    waiting.await.unwrap().unwrap();
    scribe.stop().await;
    assert_eq!(log.lines()[1..4], ["held", "0", "2"]);
    assert_eq!(system.snapshot().dead_letters, 0);
}

async fn reject_gives_the_message_back_to_every_way_of_sending(place: Place) {
    let system = System::new("overflow");
    let (actor, log) = scribe();
    let scribe = system
        .actor(actor)
        .mailbox(1)
        .overflow(Overflow::Reject)
        .at(place)
        .unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).tell().await.unwrap();
    let urn = scribe.urn();

    let error = scribe.note(1).tell().await.unwrap_err();
    assert!(matches!(&error, TellError::Full { urn: to, .. } if *to == urn));
    assert_eq!(error.into_message().n, 1);
    let error = scribe.note(2).try_tell().unwrap_err();
    assert_eq!(error.into_message().n, 2);
    let error = scribe.echo(3).reply().await.unwrap_err();
    assert_eq!(error.into_message().n, 3);
    let error = scribe.echo(4).await.unwrap_err();
    assert_eq!(error, AskError::MailboxFull { urn });
    assert_eq!(error.delivery(), Delivery::NotDelivered);

    keeper.open();
    scribe.stop().await;
    assert_eq!(log.lines()[1..3], ["held", "0"]);
    // No message was lost, so there is no dead letter.
    assert_eq!(system.snapshot().dead_letters, 0);
}

async fn drop_newest_keeps_what_is_queued_and_dead_letters_the_rest(place: Place) {
    let system = System::new("overflow");
    let mut events = system.events();
    let (actor, log) = scribe();
    let scribe = system
        .actor(actor)
        .mailbox(2)
        .overflow(Overflow::DropNewest)
        .at(place)
        .unwrap();
    let keeper = hold(&scribe).await;
    for n in 0..5 {
        scribe.note(n).tell().await.unwrap();
    }
    scribe.note(5).try_tell().unwrap();
    let urn = scribe.urn();
    let asked = scribe.echo(6).await;
    assert_eq!(asked, Err(AskError::MailboxFull { urn: urn.clone() }));
    let reply = scribe.echo(7).reply().await.unwrap();
    assert_eq!(reply.await, Err(AskError::MailboxFull { urn: urn.clone() }));
    for message in ["note", "note", "note", "note", "echo", "echo"] {
        let letter = next_dead_letter(&mut events).await;
        assert_eq!((letter.urn, letter.message), (urn.clone(), message));
        assert_eq!(letter.cause, DeadLetterCause::MailboxFull);
    }
    keeper.open();
    scribe.stop().await;
    assert_eq!(log.lines()[1..4], ["held", "0", "1"]);
    assert_eq!(system.snapshot().dead_letters, 6);
}

async fn drop_oldest_keeps_the_newest_and_answers_those_it_drops(place: Place) {
    let system = System::new("overflow");
    let mut events = system.events();
    let (actor, log) = scribe();
    let scribe = system
        .actor(actor)
        .mailbox(2)
        .overflow(Overflow::DropOldest)
        .at(place)
        .unwrap();
    let keeper = hold(&scribe).await;
    let asked = scribe.echo(0).reply().await.unwrap();
    for n in 1..5 {
        scribe.note(n).tell().await.unwrap();
    }
    let urn = scribe.urn();
    assert_eq!(asked.await, Err(AskError::MailboxFull { urn: urn.clone() }));
    for message in ["echo", "note", "note"] {
        let letter = next_dead_letter(&mut events).await;
        assert_eq!((letter.message, letter.urn), (message, urn.clone()));
        assert_eq!(letter.cause, DeadLetterCause::MailboxFull);
    }
    assert_eq!(system.snapshot().actors[0].depth, 2);
    keeper.open();
    scribe.stop().await;
    assert_eq!(log.lines()[1..4], ["held", "3", "4"]);
    assert_eq!(system.snapshot().dead_letters, 3);
}

async fn drop_oldest_reaches_what_waited_already_when_the_turn_began(place: Place) {
    let system = System::new("overflow");
    let (actor, log) = scribe();
    let scribe = system
        .actor(actor)
        .mailbox(3)
        .overflow(Overflow::DropOldest)
        .at(place)
        .unwrap();
    let first = hold(&scribe).await;
    let (gate, mut keeper) = gate();
    scribe.hold(gate).tell().await.unwrap();
    scribe.note(1).tell().await.unwrap();
    scribe.note(2).tell().await.unwrap();
    first.open();
    keeper.entered().await;
    for n in 3..6 {
        scribe.note(n).tell().await.unwrap();
    }
    assert_eq!(system.snapshot().actors[0].depth, 3);
    keeper.open();
    scribe.stop().await;
    assert_eq!(log.lines()[1..6], ["held", "held", "3", "4", "5"]);
}

async fn under_load_every_message_is_handled_rejected_or_dropped(place: Place) {
    const SENDERS: usize = 4;
    const EACH: usize = 2_000;
    for overflow in [
        Overflow::Wait,
        Overflow::Reject,
        Overflow::DropOldest,
        Overflow::DropNewest,
    ] {
        let system = System::new("overflow");
        let (actor, _) = scribe();
        let scribe = system
            .actor(actor)
            .mailbox(3)
            .overflow(overflow)
            .urn("busy")
            .at(place)
            .unwrap();
        let rejected = Arc::new(AtomicUsize::new(0));
        let dropped_asks = Arc::new(AtomicUsize::new(0));
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (scribe, rejected, dropped_asks) =
                (scribe.clone(), rejected.clone(), dropped_asks.clone());
            senders.spawn(async move {
                let mut replies = Vec::new();
                for n in 0..EACH {
                    let refused = match n % 4 {
                        0 => scribe.note(1).try_tell().is_err(),
                        1 => scribe.note(1).tell().await.is_err(),
                        _ => match scribe.echo(1).reply().await {
                            Ok(reply) => {
                                replies.push(reply);
                                false
                            }
                            Err(_) => true,
                        },
                    };
                    rejected.fetch_add(usize::from(refused), Ordering::Relaxed);
                }
                for reply in replies {
                    match reply.await {
                        Ok(_) => {}
                        Err(AskError::MailboxFull { .. }) => {
                            dropped_asks.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        senders.join_all().await;
        support::until(|| system.snapshot().actors[0].depth == 0).await;
        support::until(|| system.snapshot().actors[0].busy_with.is_none()).await;
        let seen = system.snapshot();
        let handled = usize::try_from(seen.actors[0].handled).unwrap();
        let dropped = usize::try_from(seen.dead_letters).unwrap();
        let rejected = rejected.load(Ordering::Relaxed);
        assert_eq!(
            handled + rejected + dropped,
            SENDERS * EACH,
            "{overflow:?}: {handled} handled, {rejected} rejected, {dropped} dropped"
        );
        let drops = matches!(overflow, Overflow::DropOldest | Overflow::DropNewest);
        assert!(drops || dropped == 0);
        assert!(!drops || rejected == 0);
        assert!(dropped_asks.load(Ordering::Relaxed) <= dropped);
    }
}

/// Sends to itself from a turn.
#[actor]
#[derive(Default)]
struct Selfish {
    got: Vec<u64>,
    /// Kept, as a request that no asker waits for is not handled.
    later: Vec<Reply<()>>,
}

#[actor]
impl Selfish {
    /// Sends itself 30 messages, in each of the ways that do not wait for the
    /// answer.
    #[message(local)]
    async fn flood(&mut self, gate: Gate, ctx: &mut Context<Self>) {
        gate.pass().await;
        let me = ctx.me();
        for n in (0..30).step_by(3) {
            me.put(n).tell().await.unwrap();
            me.put(n + 1).try_tell().unwrap();
            self.later.push(me.put(n + 2).reply().await.unwrap());
        }
    }

    /// Stops itself, then sends to itself.
    #[message]
    async fn stop_and_send(&mut self, ctx: &mut Context<Self>) -> [bool; 4] {
        ctx.stop();
        let me = ctx.me();
        [
            matches!(me.put(1).tell().await, Err(TellError::Stopped { .. })),
            matches!(me.put(1).try_tell(), Err(TellError::Stopped { .. })),
            matches!(me.put(1).reply().await, Err(TellError::Stopped { .. })),
            // Waiting for the answer would wait for this turn.
            matches!(me.put(1).await, Err(AskError::Cycle { .. })),
        ]
    }

    #[message]
    fn put(&mut self, n: u64) {
        self.got.push(n);
    }

    #[message]
    fn got(&self) -> Vec<u64> {
        self.got.clone()
    }
}

async fn what_an_actor_sends_to_itself_is_never_refused_for_want_of_room(place: Place) {
    let system = System::new("overflow");
    for overflow in [
        Overflow::Wait,
        Overflow::Reject,
        Overflow::DropOldest,
        Overflow::DropNewest,
    ] {
        let selfish = system
            .actor(Selfish::default())
            .mailbox(2)
            .overflow(overflow)
            .at(place)
            .unwrap();
        let (gate, mut keeper) = gate();
        selfish.flood(gate).tell().await.unwrap();
        keeper.entered().await;
        selfish.put(100).try_tell().unwrap();
        selfish.put(101).try_tell().unwrap();
        keeper.open();
        support::until(|| system.snapshot().actors[0].handled == 33).await;
        let got = selfish.got().await.unwrap();
        assert_eq!(got[..2], [100, 101], "{overflow:?}");
        assert!(got[2..].iter().copied().eq(0..30), "{overflow:?}");
        assert_eq!(system.snapshot().dead_letters, 0);
        selfish.stop().await;
    }
}

async fn what_an_actor_sends_to_itself_after_its_stop_is_refused(place: Place) {
    let system = System::new("overflow");
    let selfish = system.actor(Selfish::default()).at(place).unwrap();
    assert_eq!(selfish.stop_and_send().await.unwrap(), [true; 4]);
    assert_eq!(selfish.stopped().await, Some(StopReason::Stopped));
}

#[actor(mailbox = 1, overflow = Reject)]
#[derive(Default)]
struct Strict;

#[actor]
impl Strict {
    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }
}

#[support::test]
async fn the_policy_on_the_struct_holds_unless_the_spawner_says_another() {
    let system = System::new("overflow");
    let strict = system.spawn(Strict).unwrap();
    let lenient = system
        .actor(Strict)
        .overflow(Overflow::DropNewest)
        .spawn()
        .unwrap();
    for (strict, dropped) in [(strict, 0), (lenient, 1)] {
        let (gate, mut keeper) = gate();
        strict.hold(gate).tell().await.unwrap();
        keeper.entered().await;
        strict.hold(support::gate().0).tell().await.unwrap();
        let third = strict.hold(support::gate().0).tell().await;
        assert_eq!(third.is_ok(), dropped == 1);
        assert_eq!(system.snapshot().dead_letters, dropped);
        keeper.open();
    }
}
