//! Deferred replies: sent later from anywhere, once, and a dropped one is
//! reported.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::{At, NoGood};

support::on_every_place! {
    it_can_be_given_before_and_after_the_handler_returned,
    the_actor_serves_others_meanwhile_and_each_asker_gets_its_own,
    dropped_unanswered_the_asker_is_told_so,
    it_can_be_given_after_the_actor_has_stopped,
    what_the_state_keeps_ends_with_it,
    a_reply_that_its_asker_leaves_behind_comes_back,
}

/// Passes its `ReplyTo`s on.
#[actor]
#[derive(Default)]
struct Later {
    kept: Kept,
}

type Kept = Arc<Mutex<Vec<ReplyTo<u64, NoGood>>>>;

#[actor]
impl Later {
    #[message]
    fn before(&mut self, n: u64, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        reply.send(n);
        deferred
    }

    #[message]
    fn task(&mut self, n: u64, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            reply.send(n);
        });
        deferred
    }

    #[message]
    fn forget(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        drop(reply);
        deferred
    }

    /// Drops its `ReplyTo` in a task, after it returned.
    #[message]
    fn forget_later(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            drop(reply);
        });
        deferred
    }

    #[message]
    async fn keep(&mut self, ctx: &mut Context<Self>) -> Deferred<u64, NoGood> {
        let (reply, deferred) = ctx.defer();
        tokio::task::yield_now().await;
        self.kept.lock().unwrap().push(reply);
        deferred
    }

    /// Keeps its own `ReplyTo`, and returns the `Deferred` of a second pair.
    #[message]
    fn mix_up(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (first, _first) = ctx.defer::<u64, Never>();
        let (second, deferred) = ctx.defer();
        first.send(1);
        second.send(2);
        deferred
    }

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        n
    }
}

fn later(system: &System, place: Place) -> (ActorRef<Later>, Kept) {
    let later = Later::default();
    let kept = later.kept.clone();
    (system.actor(later).at(place).unwrap(), kept)
}

fn take(kept: &Kept) -> ReplyTo<u64, NoGood> {
    kept.lock().unwrap().remove(0)
}

async fn it_can_be_given_before_and_after_the_handler_returned(place: Place) {
    let system = System::new("deferred");
    let (later, _) = later(&system, place);
    assert_eq!(later.before(1).await, Ok(1));
    assert_eq!(later.task(2).await, Ok(2));
    assert_eq!(later.mix_up().await, Ok(2));
    // A tell has no asker to answer.
    later.before(1).tell().await.unwrap();
    later.task(1).tell().await.unwrap();
    later.forget().tell().await.unwrap();
    assert_eq!(later.echo(3).await, Ok(3));
}

async fn the_actor_serves_others_meanwhile_and_each_asker_gets_its_own(place: Place) {
    let system = System::new("deferred");
    let (later, kept) = later(&system, place);
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(later.keep().reply().await.unwrap());
    }
    assert_eq!(later.echo(3).await, Ok(3));
    let mut ends = std::mem::take(&mut *kept.lock().unwrap());
    // Answers in reverse order.
    for n in (0..10).rev() {
        let end = ends.pop().unwrap();
        assert!(end.is_wanted());
        if n % 2 == 0 {
            end.send(n);
        } else {
            end.fail(NoGood(n.to_string()));
        }
    }
    for (n, reply) in (0..).zip(waiting) {
        match n % 2 {
            0 => assert_eq!(reply.await, Ok(n)),
            _ => assert_eq!(reply.await, Err(AskError::Handler(NoGood(n.to_string())))),
        }
    }
}

async fn dropped_unanswered_the_asker_is_told_so(place: Place) {
    let system = System::new("deferred");
    let (later, kept) = later(&system, place);
    for answer in [later.forget().await, later.forget_later().await] {
        assert_eq!(answer, Err(AskError::NoReply { urn: later.urn() }));
    }
    let reply = later.keep().reply().await.unwrap();
    later.echo(0).await.unwrap();
    drop(take(&kept));
    let error = reply.await.unwrap_err();
    assert_eq!(error, AskError::NoReply { urn: later.urn() });
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
}

async fn it_can_be_given_after_the_actor_has_stopped(place: Place) {
    let system = System::new("deferred");
    for is_kill in [false, true] {
        let (later, kept) = later(&system, place);
        let reply = later.keep().reply().await.unwrap();
        later.echo(0).await.unwrap();
        if is_kill {
            later.kill().await;
        } else {
            later.stop().await;
        }
        let end = take(&kept);
        assert!(end.is_wanted());
        end.send(7);
        assert_eq!(reply.await, Ok(7));
    }
}

/// Keeps `ReplyTo`s in its own state.
#[actor]
#[derive(Default)]
struct Hoarder(Vec<ReplyTo<u64>>);

#[actor]
impl Hoarder {
    #[message]
    fn keep(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        self.0.push(reply);
        deferred
    }
}

async fn what_the_state_keeps_ends_with_it(place: Place) {
    let system = System::new("deferred");
    let hoarder = system.actor(Hoarder::default()).at(place).unwrap();
    let reply = hoarder.keep().reply().await.unwrap();
    hoarder.stop().await;
    assert_eq!(reply.await, Err(AskError::NoReply { urn: hoarder.urn() }));
}

#[support::test(start_paused = true)]
async fn it_knows_whether_it_is_still_wanted() {
    let system = System::new("deferred");
    let (later, kept) = later(&system, Place::Task);
    let reply = later.keep().reply().await.unwrap();
    later.echo(0).await.unwrap();
    let end = take(&kept);
    assert!(end.is_wanted());
    drop(reply);
    assert!(!end.is_wanted(), "its asker has left");
    end.send(1);

    let late = later.keep().timeout(Duration::from_secs(1)).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    assert!(!take(&kept).is_wanted(), "its asker's time is over");

    later.keep().tell().await.unwrap();
    later.echo(0).await.unwrap();
    assert!(!take(&kept).is_wanted(), "nobody asked");
}

/// Gives each number once, and takes back those that nobody got.
#[actor]
struct Numbers {
    kept: Vec<ReplyTo<u64>>,
    back: Arc<Mutex<Vec<u64>>>,
}

#[actor]
impl Numbers {
    /// Answers before it returns.
    #[message]
    fn at_once(&mut self, n: u64, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        let back = self.back.clone();
        reply.send_or(n, move |n| back.lock().unwrap().push(n));
        deferred
    }

    #[message]
    fn keep(&mut self, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (reply, deferred) = ctx.defer();
        self.kept.push(reply);
        deferred
    }

    #[message]
    fn answer(&mut self, n: u64) {
        for reply in self.kept.drain(..) {
            let back = self.back.clone();
            reply.send_or(n, move |n| back.lock().unwrap().push(n));
        }
    }
}

async fn a_reply_that_its_asker_leaves_behind_comes_back(place: Place) {
    let system = System::new("test");
    let back = Arc::<Mutex<Vec<u64>>>::default();
    let given_back = || std::mem::take(&mut *back.lock().unwrap());
    let numbers = Numbers {
        kept: Vec::new(),
        back: back.clone(),
    };
    let numbers = system.actor_with({
        let mut numbers = Some(numbers);
        move || numbers.take().unwrap()
    });
    let numbers = numbers.at(place).unwrap();
    assert_eq!(numbers.at_once(1).await.unwrap(), 1);
    // Told: there is no asker.
    numbers.at_once(2).tell().await.unwrap();
    // Left before the answer.
    let left = numbers.keep().reply().await.unwrap();
    assert_eq!(numbers.at_once(0).await.unwrap(), 0);
    drop(left);
    numbers.answer(3).await.unwrap();
    assert_eq!(given_back(), [2, 3]);
    // Left with the answer unread.
    let unread = numbers.keep().reply().await.unwrap();
    numbers.answer(4).await.unwrap();
    assert!(given_back().is_empty());
    drop(unread);
    assert_eq!(given_back(), [4]);
    // Read.
    let read = numbers.keep().reply().await.unwrap();
    numbers.answer(5).await.unwrap();
    assert_eq!(read.await.unwrap(), 5);
    assert!(given_back().is_empty());
}
