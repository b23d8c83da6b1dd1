//! A handler can notice that no asker waits for its answer any more.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Poller, Poll, Wake, Waker};
use std::time::Duration;

use conclib::Place;
use conclib::prelude::*;
use support::oracle::{OracleCalls, oracle};
use support::{At, Gate, Log, gate, poll_once, until, work};
use tokio::task::yield_now;
use tokio::time::Instant;

support::on_every_place! {
    a_handler_hears_that_its_asker_was_dropped,
    an_asker_that_stays_gets_its_answer,
    what_is_known_at_once_needs_no_end_to_give_away,
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[actor]
#[derive(Default)]
struct Search {
    log: Log,
}

#[actor]
impl Search {
    /// Waits until the gate opens or the asker has left.
    #[message(local)]
    async fn look(&mut self, gate: Gate, ctx: &mut Context<Self>) -> u64 {
        tokio::select! {
            () = gate.pass() => 1,
            () = ctx.asker_gone() => {
                self.log.add("gone");
                2
            }
        }
    }

    /// Does the same as `look`, inside a future that polls only woken children.
    #[message(local)]
    async fn look_inside(&mut self, gate: Gate, ctx: &mut Context<Self>) -> u64 {
        let gone = OnlyWoken::new(ctx.asker_gone());
        tokio::select! {
            () = gate.pass() => 1,
            () = gone => {
                self.log.add("gone");
                2
            }
        }
    }

    /// Waits three times for the asker to leave.
    #[message]
    async fn look_thrice(&mut self, ctx: &mut Context<Self>) {
        for _ in 0..3 {
            yield_now().await;
            ctx.asker_gone().await;
            self.log.add("gone");
        }
    }

    /// Checks once if the asker has left, and returns at once.
    #[message]
    async fn glance(&mut self, ctx: &mut Context<Self>) -> bool {
        tokio::select! {
            biased;
            () = ctx.asker_gone() => true,
            () = async {} => false,
        }
    }

    /// Waits at the gate, and ignores the asker.
    #[message(local)]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
        self.log.add("held");
    }

    /// Passes the wait to another task.
    #[message]
    fn elsewhere(&mut self, ctx: &mut Context<Self>) {
        let gone = ctx.asker_gone();
        let log = self.log.clone();
        tokio::spawn(async move {
            let waited = tokio::time::timeout(ms(1000), gone).await;
            log.add(format!("in vain: {}", waited.is_err()));
        });
    }

    #[message]
    fn echo(&mut self, n: u64) -> u64 {
        n
    }
}

/// Polls its future only when that was woken, as a set of futures does.
struct OnlyWoken<F>(Pin<Box<F>>, Arc<Woken>);

struct Woken {
    woken: AtomicBool,
    task: std::sync::Mutex<Option<Waker>>,
}

impl<F> OnlyWoken<F> {
    fn new(future: F) -> Self {
        let woken = Woken {
            woken: AtomicBool::new(true),
            task: std::sync::Mutex::new(None),
        };
        Self(Box::pin(future), Arc::new(woken))
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        let task = self.task.lock().unwrap().clone();
        task.unwrap().wake();
    }
}

impl<F: Future> Future for OnlyWoken<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<F::Output> {
        *self.1.task.lock().unwrap() = Some(cx.waker().clone());
        if !self.1.woken.swap(false, Ordering::SeqCst) {
            return Poll::Pending;
        }
        let waker = Waker::from(self.1.clone());
        self.0.as_mut().poll(&mut Poller::from_waker(&waker))
    }
}

fn search(system: &System, place: Place) -> (ActorRef<Search>, Log) {
    let search = Search::default();
    let log = search.log.clone();
    (system.actor(search).at(place).unwrap(), log)
}

async fn a_handler_hears_that_its_asker_was_dropped(place: Place) {
    let system = System::new("gone");
    let (search, log) = search(&system, place);
    let (inside, keeper) = gate();
    let asked = search.look(inside).reply().await.unwrap();
    let mut keeper = keeper;
    keeper.entered().await;
    drop(asked);
    // The gate is shut: only the asker's leaving can have ended the turn.
    assert_eq!(search.echo(1).await, Ok(1));
    assert_eq!(log.lines(), ["gone"]);

    let (inside, mut keeper) = gate();
    let asked = search.look_inside(inside).reply().await.unwrap();
    keeper.entered().await;
    drop(asked);
    assert_eq!(search.echo(2).await, Ok(2));
    assert_eq!(log.lines(), ["gone", "gone"]);
}

#[support::test(start_paused = true)]
async fn a_handler_hears_that_the_time_of_its_asker_is_over() {
    let system = System::new("gone");
    let (search, log) = search(&system, Place::Task);
    let began = Instant::now();
    let (inside, _keeper) = gate();
    let late = search.look(inside).timeout(ms(300)).await;
    assert!(matches!(late, Err(AskError::Deadline { .. })));
    assert_eq!(search.echo(1).await, Ok(1));
    assert_eq!(began.elapsed(), ms(300));
    assert_eq!(log.lines(), ["gone"]);
}

async fn an_asker_that_stays_gets_its_answer(place: Place) {
    let system = System::new("gone");
    let (search, log) = search(&system, place);
    for _ in 0..3 {
        let (inside, mut keeper) = gate();
        let asked = search.look(inside).reply().await.unwrap();
        keeper.entered().await;
        keeper.open();
        assert_eq!(asked.await, Ok(1));
        assert_eq!(search.glance().await, Ok(false));
    }
    assert!(log.lines().is_empty());
}

#[support::test(start_paused = true)]
async fn a_message_that_was_told_has_no_asker_to_leave() {
    let system = System::new("gone");
    let (search, log) = search(&system, Place::Task);
    let (inside, mut keeper) = gate();
    search.look(inside).tell().await.unwrap();
    keeper.entered().await;
    let mut behind = search.echo(1).into_future();
    assert!(poll_once(&mut behind).is_pending());
    work(ms(100_000)).await;
    assert!(poll_once(&mut behind).is_pending());
    keeper.open();
    assert_eq!(behind.await, Ok(1));
    assert!(log.lines().is_empty());
}

#[support::test]
async fn once_gone_always_gone_but_only_in_that_turn() {
    let system = System::new("gone");
    let (search, log) = search(&system, Place::Task);
    let mut asked = search.look_thrice().into_future();
    assert!(poll_once(&mut asked).is_pending());
    // Lets the turn begin.
    yield_now().await;
    drop(asked);
    assert_eq!(search.glance().await, Ok(false));
    assert_eq!(log.count("gone"), 3);

    // The end of one turn leaves no state behind for the next one, nor for
    // other actors on the same thread.
    assert_eq!(search.glance().await, Ok(false));
    let (other, others) = self::search(&system, Place::Task);
    for actor in [&search, &other] {
        let (inside, mut keeper) = gate();
        let asked = actor.hold(inside).reply().await.unwrap();
        keeper.entered().await;
        drop(asked);
        yield_now().await;
        keeper.open();
        assert_eq!(actor.echo(3).await, Ok(3));
    }
    assert_eq!((log.count("held"), others.count("held")), (1, 1));
}

#[support::test(start_paused = true)]
async fn it_is_for_the_handler_itself() {
    let system = System::new("gone");
    let (search, log) = search(&system, Place::Task);
    search.elsewhere().await.unwrap();
    work(ms(2000)).await;
    assert_eq!(log.lines(), ["in vain: true"]);
}

#[support::test(start_paused = true)]
async fn a_reply_to_hears_it_wherever_it_is() {
    let system = System::new("gone");
    let (oracle, mut promises) = oracle(&system);

    let asked = oracle.promise().reply().await.unwrap();
    let mut end = promises.next().await;
    let waits = tokio::spawn(async move { end.closed().await });
    yield_now().await;
    assert!(!waits.is_finished());
    drop(asked);
    waits.await.unwrap();

    let began = Instant::now();
    let asked = tokio::spawn(oracle.promise().timeout(ms(300)).owned().into_future());
    let mut end = promises.next().await;
    end.closed().await;
    assert_eq!(began.elapsed(), ms(300));
    // A second wait resolves at once.
    end.closed().await;
    asked.await.unwrap().unwrap_err();

    // A tell has no asker that could leave.
    oracle.promise().tell().await.unwrap();
    let mut end = promises.next().await;
    let waited = tokio::time::timeout(ms(100_000), end.closed()).await;
    waited.unwrap_err();

    // Dropping the wait does not affect the answer.
    let asked = oracle.promise().reply().await.unwrap();
    let mut end = promises.next().await;
    assert!(poll_once(&mut Box::pin(end.closed())).is_pending());
    end.resolve(Ok(7));
    assert_eq!(asked.await, Ok(7));
}

/// Hands its reply out, and does not return before the gate opens.
#[actor]
struct Slow(Log);

#[actor]
impl Slow {
    #[message(local)]
    async fn wait(&mut self, gate: Gate, ctx: &mut Context<Self>) -> Deferred<u64> {
        let (mut reply, deferred) = ctx.defer::<u64, Never>();
        let log = self.0.clone();
        tokio::spawn(async move {
            log.add("waits");
            reply.closed().await;
            log.add(format!("closed, wanted: {}", reply.is_wanted()));
        });
        gate.pass().await;
        deferred
    }

    #[message]
    fn known(&mut self) -> Deferred<u64> {
        Deferred::ready(7)
    }
}

#[support::test]
async fn a_reply_to_hears_it_also_if_its_handler_returns_later_or_never() {
    let system = System::new("gone");
    for is_killed in [false, true] {
        let log = Log::default();
        let slow = system.spawn(Slow(log.clone())).unwrap();
        let (inside, mut keeper) = gate();
        let asked = slow.wait(inside).reply().await.unwrap();
        keeper.entered().await;
        until(|| log.has("waits")).await;
        yield_now().await;
        if is_killed {
            slow.kill().await;
            let stopped = asked.await.unwrap_err();
            assert!(matches!(stopped, AskError::Stopped { .. }));
        } else {
            keeper.open();
            assert_eq!(slow.known().await, Ok(7));
            assert_eq!(log.lines(), ["waits"], "its asker waits");
            drop(asked);
        }
        until(|| log.has("closed, wanted: false")).await;
    }
}

async fn what_is_known_at_once_needs_no_end_to_give_away(place: Place) {
    let system = System::new("gone");
    let slow = system.actor(Slow(Log::default())).at(place).unwrap();
    assert_eq!(slow.known().await, Ok(7));
    slow.known().tell().await.unwrap();
    assert_eq!(slow.known().await, Ok(7));
}
