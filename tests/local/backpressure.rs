//! A mailbox has exactly its configured capacity. Senders that find it full
//! wait in a queue, and one that gives up leaves its slot to the next.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Poller, Poll, Wake, Waker};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{
    At, Gate, Keeper, Log, NoGood, Scribe, ScribeCalls, gate, hold, poll_once, scribe, until,
};
use tokio::task::JoinSet;
use tokio::time::Instant;

support::on_every_place! {
    exactly_as_many_are_accepted_as_there_are_places,
    each_turn_gives_exactly_one_place_back,
    a_waiting_sender_that_leaves_gives_its_place_in_line_to_the_next,
    a_sender_that_leaves_after_it_was_promised_a_place_passes_it_on,
    senders_that_wait_for_a_place_end_with_the_actor,
    signals_and_snapshots_reach_an_actor_whose_mailbox_is_full,
    a_child_exit_and_a_watched_end_come_before_a_full_mailbox;
    multi_thread:
    no_sender_starves_and_no_place_is_lost_when_many_leave_at_any_moment,
}

/// Fills the mailbox, and returns the number of messages that fitted.
fn fill(scribe: &ActorRef<Scribe>) -> usize {
    let mut places = 0;
    loop {
        match scribe.note(places).try_tell() {
            Ok(()) => places += 1,
            Err(TellError::Full { urn, message }) => {
                assert_eq!((urn, message.n), (scribe.urn(), places));
                return usize::try_from(places).unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

async fn exactly_as_many_are_accepted_as_there_are_places(place: Place) {
    let system = System::new("backpressure");
    // A capacity of zero is taken for one.
    for (said, places) in [(0, 1), (1, 1), (2, 2), (64, 64)] {
        let (actor, log) = scribe();
        let scribe = system.actor(actor).mailbox(said).at(place).unwrap();
        let keeper = hold(&scribe).await;
        assert_eq!(fill(&scribe), places);
        let seen = system.snapshot().actors.pop().unwrap();
        assert_eq!((seen.depth, seen.capacity), (places, places));
        keeper.open();
        scribe.stop().await;
        assert_eq!(log.lines().len(), 1 + 1 + places + 2);
    }
}

async fn each_turn_gives_exactly_one_place_back(place: Place) {
    let system = System::new("backpressure");
    for capacity in [1, 2, 5] {
        let (actor, _) = scribe();
        let scribe = system.actor(actor).mailbox(capacity).at(place).unwrap();
        let mut running = hold(&scribe).await;
        let mut queued: std::collections::VecDeque<Keeper> = (0..capacity)
            .map(|_| {
                let (gate, keeper) = gate();
                scribe.hold(gate).try_tell().unwrap();
                keeper
            })
            .collect();
        for _ in 0..3 * capacity {
            let (more, keeper) = gate();
            let full = scribe.hold(more).try_tell();
            let more = match full {
                Err(TellError::Full { message, .. }) => message.gate,
                other => panic!("{other:?}"),
            };
            let mut next = queued.pop_front().unwrap();
            running.open();
            next.entered().await;
            running = next;
            scribe.hold(more).try_tell().unwrap();
            queued.push_back(keeper);
        }
        drop((running, queued));
        scribe.stop().await;
    }
}

async fn a_waiting_sender_that_leaves_gives_its_place_in_line_to_the_next(place: Place) {
    let system = System::new("backpressure");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).at(place).unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let mut waiting: Vec<_> = (1..=5).map(|n| scribe.note(n).owned().tell()).collect();
    for told in &mut waiting {
        assert!(poll_once(told).is_pending());
    }
    // The first, one in the middle, the last.
    drop(waiting.remove(4));
    drop(waiting.remove(2));
    drop(waiting.remove(0));
    keeper.open();
    let mut rest = JoinSet::new();
    rest.extend_with(waiting);
    rest.join_all().await;
    scribe.stop().await;
    assert_eq!(log.lines()[1..5], ["held", "0", "2", "4"]);
}

/// Adds futures to a set.
trait Extend<F> {
    fn extend_with(&mut self, futures: Vec<F>);
}

impl<F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>> Extend<F>
    for JoinSet<F::Output>
{
    fn extend_with(&mut self, futures: Vec<F>) {
        for future in futures {
            self.spawn(future.into_future());
        }
    }
}

/// Records if it was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Woken {
    fn poll<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        let waker = Waker::from(self.clone());
        std::pin::pin!(future).poll(&mut Poller::from_waker(&waker))
    }

    fn is_woken(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

async fn a_sender_that_leaves_after_it_was_promised_a_place_passes_it_on(place: Place) {
    let system = System::new("backpressure");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).at(place).unwrap();
    let first = hold(&scribe).await;
    let (second_gate, mut second) = gate();
    scribe.hold(second_gate).try_tell().unwrap();
    let wakes: [Arc<Woken>; 3] = Default::default();
    let mut waiting: Vec<_> = (1..=3).map(|n| scribe.note(n).tell()).collect();
    for (told, woken) in waiting.iter_mut().zip(&wakes) {
        assert!(woken.poll(told).is_pending());
    }
    first.open();
    second.entered().await;
    let woken = || wakes.each_ref().map(|woken| woken.is_woken());
    assert_eq!(woken(), [true, false, false]);
    // The slot is reserved: a newcomer cannot have it.
    assert!(matches!(
        scribe.note(9).try_tell(),
        Err(TellError::Full { .. })
    ));
    drop(waiting.remove(0));
    assert_eq!(woken(), [true, true, false]);
    assert!(matches!(
        scribe.note(9).try_tell(),
        Err(TellError::Full { .. })
    ));
    let mut third = waiting.remove(1);
    assert!(poll_once(&mut waiting[0]).is_ready());
    assert!(poll_once(&mut third).is_pending());
    drop(third);
    second.open();
    scribe.note(4).await.unwrap();
    assert_eq!(log.lines()[1..], ["held", "held", "2", "4"]);
    // The count of free slots is still right.
    let keeper = hold(&scribe).await;
    assert_eq!(fill(&scribe), 1);
    keeper.open();
}

async fn no_sender_starves_and_no_place_is_lost_when_many_leave_at_any_moment(place: Place) {
    let system = System::new("backpressure");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(2).at(place).unwrap();
    for round in 0..20 {
        let keeper = hold(&scribe).await;
        let mut staying = JoinSet::new();
        let mut leaving = Vec::new();
        for n in 0..60 {
            let told = scribe.note(round * 100 + n).owned().tell();
            if n % 3 == 0 {
                leaving.push(tokio::spawn(told));
            } else {
                staying.spawn(told);
            }
        }
        keeper.open();
        for task in leaving {
            task.abort();
        }
        for told in staying.join_all().await {
            told.unwrap();
        }
        scribe.echo(0).await.unwrap();
        for n in (0..60).filter(|n| n % 3 != 0) {
            assert_eq!(log.count(&(round * 100 + n).to_string()), 1);
        }
    }
    until(|| system.snapshot().actors[0].depth == 0).await;
    let keeper = hold(&scribe).await;
    assert_eq!(fill(&scribe), 2);
    keeper.open();
}

#[support::test(start_paused = true)]
async fn a_future_that_has_ended_holds_no_place_in_line() {
    let system = System::new("backpressure");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).spawn().unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let late = Duration::from_secs(2);
    let mut ask = pin!(scribe.note(1).timeout(late).into_future());
    let mut tell = pin!(scribe.note(2).timeout(late).tell());
    let mut reply = pin!(scribe.note(3).timeout(late).reply());
    assert!(poll_once(&mut ask).is_pending());
    assert!(poll_once(&mut tell).is_pending());
    assert!(poll_once(&mut reply).is_pending());
    assert!(ask.as_mut().await.is_err());
    assert!(tell.as_mut().await.is_err());
    assert!(reply.as_mut().await.is_err());
    keeper.open();
    scribe.note(4).await.unwrap();
    assert_eq!(log.lines()[1..], ["held", "0", "4"]);
}

#[support::test(start_paused = true)]
async fn a_tell_with_a_timeout_waits_no_longer_for_a_place_and_has_its_message_back() {
    let system = System::new("backpressure");
    let (actor, log) = scribe();
    let scribe = system.actor(actor).mailbox(1).spawn().unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let began = Instant::now();
    let late = Duration::from_secs(2);
    let error = scribe.note(7).timeout(late).tell().await.unwrap_err();
    assert_eq!(began.elapsed(), late);
    match error {
        TellError::Failed { error, message } => {
            assert_eq!(message.n, 7);
            assert_eq!(
                error,
                AskError::Deadline {
                    urn: scribe.urn(),
                    after: late,
                    delivery: Delivery::NotDelivered
                }
            );
        }
        other => panic!("{other:?}"),
    }
    // The waiting send was dropped from the queue.
    keeper.open();
    scribe.note(8).await.unwrap();
    assert_eq!(log.lines()[1..], ["held", "0", "8"]);
}

#[support::test]
async fn a_tell_that_is_given_no_time_is_not_sent() {
    let system = System::new("backpressure");
    let (actor, log) = scribe();
    let scribe = system.spawn(actor).unwrap();
    let error = scribe.note(7).timeout(Duration::ZERO).tell().await;
    let TellError::Failed { error, message } = error.unwrap_err() else {
        panic!("there was room");
    };
    assert_eq!((message.n, error.delivery()), (7, Delivery::NotDelivered));
    scribe.note(8).await.unwrap();
    assert_eq!(log.lines(), ["start", "8"]);
}

#[support::test(start_paused = true)]
async fn an_ask_whose_time_is_over_before_it_had_a_place_says_that_it_did_not_run() {
    let system = System::new("backpressure");
    let scribe = system.actor(scribe().0).mailbox(1).spawn().unwrap();
    let keeper = hold(&scribe).await;
    scribe.note(0).try_tell().unwrap();
    let late = Duration::from_millis(250);
    let error = scribe.echo(1).timeout(late).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert!(matches!(error, AskError::Deadline { after, .. } if after == late));
    keeper.open();
}

async fn senders_that_wait_for_a_place_end_with_the_actor(place: Place) {
    let system = System::new("backpressure");
    let ends: [fn(&ActorRef<Scribe>); 3] = [
        |scribe| drop(scribe.stop()),
        |scribe| drop(scribe.stop_now()),
        |scribe| drop(scribe.kill()),
    ];
    for end in ends {
        let scribe = system.actor(scribe().0).mailbox(1).at(place).unwrap();
        let keeper = hold(&scribe).await;
        scribe.note(0).try_tell().unwrap();
        let mut tells = JoinSet::new();
        let mut asks = JoinSet::new();
        for n in 1..=3 {
            let mut told = scribe.note(n).owned().tell();
            assert!(poll_once(&mut told).is_pending());
            tells.spawn(async move { (n, told.await) });
            let mut asked = scribe.refuse(n.to_string()).owned().into_future();
            assert!(poll_once(&mut asked).is_pending());
            asks.spawn(asked);
        }
        end(&scribe);
        for (n, told) in tells.join_all().await {
            assert!(
                matches!(told, Err(TellError::Stopped { message, .. }) if message.n == n),
                "the message did not come back"
            );
        }
        for asked in asks.join_all().await {
            let error: AskError<NoGood> = asked.unwrap_err();
            assert!(matches!(
                error,
                AskError::Stopped {
                    delivery: Delivery::NotDelivered,
                    ..
                }
            ));
        }
        keeper.open();
        scribe.stopped().await;
    }
}

async fn signals_and_snapshots_reach_an_actor_whose_mailbox_is_full(place: Place) {
    let system = System::new("backpressure");
    for is_kill in [false, true] {
        let (actor, log) = scribe();
        let scribe = system.actor(actor).mailbox(3).at(place).unwrap();
        let keeper = hold(&scribe).await;
        assert_eq!(fill(&scribe), 3);
        let mut waiting = scribe.note(9).tell();
        assert!(poll_once(&mut waiting).is_pending());
        assert_eq!(system.snapshot().actors[0].depth, 3);
        if is_kill {
            // Even the running turn does not delay it.
            assert_eq!(scribe.kill().await, StopReason::Killed);
            drop(keeper);
            assert_eq!(log.lines(), ["start", "drop"]);
        } else {
            let mut stopping = scribe.stop_now();
            assert!(poll_once(&mut stopping).is_pending());
            keeper.open();
            assert_eq!(stopping.await, StopReason::StoppedNow);
            let end = ["start", "held", "stop: stopped at once", "drop"];
            assert_eq!(log.lines(), end);
        }
    }
}

/// Notes the ends of its child and of the actors it watches.
#[actor]
#[derive(Default)]
struct Nurse {
    log: Log,
}

#[actor]
impl Nurse {
    #[message(local)]
    fn care(&mut self, other: ActorRef<Scribe>, ctx: &mut Context<Self>) -> ActorRef<Scribe> {
        ctx.watch(&other);
        ctx.spawn(scribe().0).unwrap()
    }

    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        self.log.add("held");
    }

    #[message]
    fn note(&mut self, n: u64) {
        self.log.add(n.to_string());
    }

    #[on(child)]
    fn child(&mut self, exit: ChildExit) -> Directive {
        self.log.add(format!("child: {}", exit.reason));
        Directive::Resume
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        self.log.add(format!("gone: {}", gone.reason));
    }
}

/// The running turn ends first. Then a signal comes before all queued messages,
/// and before senders that wait for a slot.
async fn a_child_exit_and_a_watched_end_come_before_a_full_mailbox(place: Place) {
    let system = System::new("backpressure");
    for is_behind_another in [false, true] {
        let log = Log::default();
        let nurse = Nurse { log: log.clone() };
        let nurse = system.actor(nurse).mailbox(3).at(place).unwrap();
        let other = system.actor(scribe().0).at(place).unwrap();
        let child = nurse.care(other.clone()).await.unwrap();
        let (gate_of_first, mut first) = gate();
        nurse.hold(gate_of_first).tell().await.unwrap();
        first.entered().await;
        // The mailbox is filled first during a turn, and then during the turn
        // of a message that was queued in it.
        let mut keeper = first;
        let mut notes = 1..;
        if is_behind_another {
            let (gate, mut second) = gate();
            nurse.hold(gate).try_tell().unwrap();
            for n in notes.by_ref().take(2) {
                nurse.note(n).try_tell().unwrap();
            }
            keeper.open();
            second.entered().await;
            keeper = second;
        }
        let mut last = 0;
        for n in notes {
            match nurse.note(n).try_tell() {
                Ok(()) => last = n,
                Err(TellError::Full { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(last, 3, "it is full");
        let mut waiting = nurse.note(4).owned().tell();
        assert!(poll_once(&mut waiting).is_pending());

        child.explode("boom".into()).await.unwrap_err();
        child.stopped().await;
        other.stop().await;
        let before = log.lines().len();
        keeper.open();
        waiting.await.unwrap();
        nurse.stop().await;
        let told = ["held", "child: panicked: boom", "gone: stopped"];
        assert_eq!(log.lines()[before..before + 3], told);
        assert_eq!(log.lines()[before + 3..], ["1", "2", "3", "4"]);
    }
}
