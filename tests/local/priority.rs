//! Priorities of an actor with `priority`: lower is first, no priority is last,
//! equals keep their order, and nothing starves.

use std::thread;

use conclib::Place;
use conclib::prelude::*;
use support::ranks::{Alarm, WardCalls, busy};
use support::{At, Gate, Log, gate, next_dead_letter, poll_once, until};

support::on_every_place! {
    the_more_urgent_comes_first_and_what_says_nothing_last,
    the_more_urgent_comes_before_what_waited_when_the_turn_began,
    a_call_says_its_own_priority_in_every_way_of_sending,
    an_actor_that_declares_no_priorities_serves_in_order,
    a_generic_actor_has_priorities_too,
    what_an_actor_sends_to_itself_has_its_priority,
    no_message_starves,
    drop_oldest_drops_the_oldest_of_the_least_urgent,
    the_other_policies_are_as_of_every_mailbox,
    places_are_exact_and_given_out_in_the_order_of_the_line,
    a_signal_is_above_every_priority;
    multi_thread:
    under_load_each_sender_keeps_its_order_within_a_priority,
}

fn numbered(name: &str, numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    let numbers = numbers.into_iter();
    numbers.map(|n| format!("{name} {n}")).collect()
}

async fn the_more_urgent_comes_first_and_what_says_nothing_last(place: Place) {
    let system = System::new("priority");
    let (ward, watch, keeper) = busy(&system, place, 1024, Overflow::Wait).await;
    for n in 0..20 {
        ward.later(n).tell().await.unwrap();
        ward.soon(n).try_tell().unwrap();
        ward.recipient().ask(Alarm(n)).tell().await.unwrap();
    }
    keeper.open();
    ward.stop().await;
    let expected = ["alarm", "soon", "later"].map(|name| numbered(name, 0..20));
    assert_eq!(watch.log.lines(), expected.concat());
}

async fn the_more_urgent_comes_before_what_waited_when_the_turn_began(place: Place) {
    let system = System::new("priority");
    let (ward, mut watch, keeper) = busy(&system, place, 1024, Overflow::Wait).await;
    ward.wait().priority(0).tell().await.unwrap();
    ward.later(1).tell().await.unwrap();
    ward.soon(2).tell().await.unwrap();
    keeper.open();
    let keeper = watch.turn().await;
    ward.ask(Alarm(3)).tell().await.unwrap();
    keeper.open();
    ward.stop().await;
    assert_eq!(watch.log.lines(), ["alarm 3", "soon 2", "later 1"]);
}

async fn a_call_says_its_own_priority_in_every_way_of_sending(place: Place) {
    let system = System::new("priority");
    let (ward, watch, keeper) = busy(&system, place, 1024, Overflow::Wait).await;
    ward.soon(9).priority(u8::MAX).tell().await.unwrap();
    ward.later(9).tell().await.unwrap();
    let asked = tokio::spawn(ward.later(4).owned().priority(4).into_future());
    let depth = || system.snapshot().actors[0].depth;
    until(|| depth() == 3).await;
    let reply = ward.later(3).priority(3).reply().await.unwrap();
    ward.later(2).priority(2).try_tell().unwrap();
    // An explicit priority is kept when the call becomes owned.
    let owned = ward.later(1).priority(1).owned();
    owned.tell().await.unwrap();
    let blocked = thread::spawn({
        let call = ward.later(0).priority(0).owned();
        move || call.blocking()
    });
    until(|| depth() == 7).await;
    keeper.open();
    reply.await.unwrap();
    asked.await.unwrap().unwrap();
    ward.stop().await;
    blocked.join().unwrap().unwrap();
    let mut expected = numbered("later", 0..5);
    expected.extend(["soon 9".to_owned(), "later 9".to_owned()]);
    assert_eq!(watch.log.lines(), expected);
}

async fn an_actor_that_declares_no_priorities_serves_in_order(place: Place) {
    let system = System::new("priority");
    #[actor]
    struct Plain(Log);
    #[actor]
    impl Plain {
        #[message]
        async fn begin(&mut self, ctx: &mut Context<Self>) {
            let this = ctx.me();
            this.last().tell().await.unwrap();
            this.first().tell().await.unwrap();
        }
        #[message(priority = 9)]
        fn last(&mut self) {
            self.0.add("last");
        }
        #[message(priority = 0)]
        fn first(&mut self) {
            self.0.add("first");
        }
    }
    let log = Log::default();
    let plain = system.actor(Plain(log.clone())).at(place).unwrap();
    plain.begin().await.unwrap();
    plain.stop().await;
    assert_eq!(log.lines(), ["last", "first"]);
}

async fn a_generic_actor_has_priorities_too(place: Place) {
    let system = System::new("priority");
    #[actor(priority)]
    struct Stack<T: Clone>(Vec<T>);
    #[actor]
    impl<T: Clone> Stack<T> {
        #[message(local)]
        async fn hold(&mut self, gate: Gate) {
            gate.pass().await;
        }
        #[message]
        fn push(&mut self, item: T) {
            self.0.push(item);
        }
        #[message]
        fn all(&mut self) -> Vec<T> {
            self.0.clone()
        }
    }
    let stack = system.actor(Stack(Vec::new())).at(place).unwrap();
    let (gate, mut keeper) = gate();
    stack.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    stack.push(1).tell().await.unwrap();
    stack.push(2).priority(0).tell().await.unwrap();
    keeper.open();
    assert_eq!(stack.all().await.unwrap(), [2, 1]);
}

async fn what_an_actor_sends_to_itself_has_its_priority(place: Place) {
    let system = System::new("priority");
    let (ward, watch, keeper) = busy(&system, place, 2, Overflow::Wait).await;
    keeper.open();
    ward.spread(30).await.unwrap();
    ward.later(30).await.unwrap();
    // The 60 urgent messages are fewer than the limit for overtaking in a row.
    let expected = [
        numbered("alarm", 0..30),
        numbered("later", 0..30),
        numbered("later", 0..31),
    ];
    assert_eq!(watch.log.lines(), expected.concat());
}

async fn no_message_starves(place: Place) {
    let system = System::new("priority");
    let (ward, watch, keeper) = busy(&system, place, 2000, Overflow::Wait).await;
    for n in 0..3 {
        ward.later(n).tell().await.unwrap();
    }
    for n in 0..1000 {
        ward.ask(Alarm(n)).tell().await.unwrap();
    }
    keeper.open();
    ward.stop().await;
    let lines = watch.log.lines();
    let turn = |n: u64| {
        let line = format!("later {n}");
        lines.iter().position(|have| *have == line).unwrap() + 1
    };
    assert_eq!([turn(0), turn(1), turn(2)], [65, 130, 195]);
    let alarms = lines.iter().filter(|line| line.starts_with("alarm"));
    assert_eq!(
        alarms.cloned().collect::<Vec<_>>(),
        numbered("alarm", 0..1000)
    );
}

async fn drop_oldest_drops_the_oldest_of_the_least_urgent(place: Place) {
    let system = System::new("priority");
    let mut events = system.events();
    let (ward, watch, keeper) = busy(&system, place, 3, Overflow::DropOldest).await;
    ward.later(0).tell().await.unwrap();
    ward.ask(Alarm(0)).tell().await.unwrap();
    ward.later(1).tell().await.unwrap();
    // The new message replaces the older of the two.
    ward.soon(0).tell().await.unwrap();
    assert_eq!(next_dead_letter(&mut events).await.message, "later");
    ward.ask(Alarm(1)).tell().await.unwrap();
    assert_eq!(next_dead_letter(&mut events).await.message, "later");
    // No waiting message is less urgent than this one, so it is dropped itself.
    let error = ward.later(2).await.unwrap_err();
    assert_eq!(error, AskError::MailboxFull { urn: ward.urn() });
    assert_eq!(next_dead_letter(&mut events).await.message, "later");
    // Among equals the oldest is dropped.
    ward.soon(1).try_tell().unwrap();
    let letter = next_dead_letter(&mut events).await;
    assert_eq!(
        (letter.message, letter.cause),
        ("soon", DeadLetterCause::MailboxFull)
    );
    assert_eq!(system.snapshot().actors[0].depth, 3);
    keeper.open();
    ward.stop().await;
    assert_eq!(watch.log.lines(), ["alarm 0", "alarm 1", "soon 1"]);
    assert_eq!(system.snapshot().dead_letters, 4);
}

async fn the_other_policies_are_as_of_every_mailbox(place: Place) {
    let system = System::new("priority");
    for overflow in [Overflow::DropNewest, Overflow::Reject] {
        let (ward, watch, keeper) = busy(&system, place, 2, overflow).await;
        ward.later(0).tell().await.unwrap();
        ward.soon(0).tell().await.unwrap();
        let urgent = ward.ask(Alarm(0)).tell().await;
        assert_eq!(urgent.is_ok(), overflow == Overflow::DropNewest);
        let error = ward.ask(Alarm(1)).await.unwrap_err();
        assert_eq!(error, AskError::MailboxFull { urn: ward.urn() });
        keeper.open();
        ward.stop().await;
        assert_eq!(watch.log.lines(), ["soon 0", "later 0"]);
    }
    assert_eq!(system.snapshot().dead_letters, 2);
}

async fn places_are_exact_and_given_out_in_the_order_of_the_line(place: Place) {
    let system = System::new("priority");
    let (ward, mut watch, keeper) = busy(&system, place, 2, Overflow::Wait).await;
    let depth = || system.snapshot().actors[0].depth;
    ward.wait().tell().await.unwrap();
    ward.wait().tell().await.unwrap();
    let mut ordinary = ward.later(0).tell();
    let mut urgent = ward.ask(Alarm(0)).tell();
    assert!(poll_once(&mut ordinary).is_pending());
    assert!(poll_once(&mut urgent).is_pending());

    keeper.open();
    let keeper = watch.turn().await;
    // One slot was free, and it is reserved for the first sender.
    assert!(poll_once(&mut urgent).is_pending());
    assert!(ward.ask(Alarm(1)).priority(0).try_tell().is_err());
    assert_eq!(depth(), 1);
    ordinary.await.unwrap();
    assert_eq!(depth(), 2);
    assert!(ward.ask(Alarm(1)).priority(0).try_tell().is_err());

    keeper.open();
    let keeper = watch.turn().await;
    urgent.await.unwrap();
    assert_eq!(depth(), 2);
    keeper.open();
    ward.stop().await;
    // The priority of the message counts once it has a slot.
    assert_eq!(watch.log.lines(), ["alarm 0", "later 0"]);
}

async fn a_signal_is_above_every_priority(place: Place) {
    let system = System::new("priority");
    let (ward, watch, keeper) = busy(&system, place, 1024, Overflow::Wait).await;
    let asked = ward.ask(Alarm(0)).priority(0).reply().await.unwrap();
    let ending = ward.stop_now();
    keeper.open();
    assert_eq!(ending.await, StopReason::StoppedNow);
    assert!(matches!(asked.await, Err(AskError::Stopped { .. })));
    assert_eq!(watch.log.lines(), Vec::<String>::new());
    assert_eq!(system.snapshot().dead_letters, 1);
}

async fn under_load_each_sender_keeps_its_order_within_a_priority(place: Place) {
    const SENDERS: u64 = 4;
    const EACH: u64 = 2_000;
    let system = System::new("priority");
    let (actor, watch) = support::ranks::ward();
    let ward = system.actor(actor).mailbox(3).at(place).unwrap();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let ward = ward.clone();
        senders.spawn(async move {
            for n in 0..EACH {
                let n = sender * EACH + n;
                match n % 3 {
                    0 => ward.later(n).tell().await.unwrap(),
                    1 => ward.soon(n).tell().await.unwrap(),
                    _ => ward.ask(Alarm(n)).tell().await.unwrap(),
                }
            }
        });
    }
    senders.join_all().await;
    ward.stop().await;
    let lines = watch.log.lines();
    for (rank, name) in ["later", "soon", "alarm"].into_iter().enumerate() {
        for sender in 0..SENDERS {
            let sent = (sender * EACH..(sender + 1) * EACH).filter(|n| n % 3 == rank as u64);
            let sent = numbered(name, sent);
            let seen = lines.iter().filter(|line| sent.contains(line));
            assert_eq!(seen.collect::<Vec<_>>(), sent.iter().collect::<Vec<_>>());
        }
    }
}
