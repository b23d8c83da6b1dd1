//! Handlers that run beside the turns of their actor.

use conclib::Place;
use conclib::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{At, Gate, gate};
use tokio::time::{Instant, sleep};

support::on_every_place! {
    they_overlap_and_the_turns_go_on,
    as_many_run_as_the_mailbox_has_places,
    a_stop_lets_them_finish_and_the_other_ends_do_not,
}

#[actor(mailbox = 8)]
#[derive(Default)]
struct Fetcher {
    prefix: String,
    running: Running,
    turns: u64,
}

/// Counts the handlers that run. Clones share it.
#[derive(Clone, Default)]
struct Running(Arc<[AtomicUsize; 2]>);

impl Running {
    fn enter(&self) -> Entered {
        let now = 1 + self.0[0].fetch_add(1, Ordering::SeqCst);
        self.0[1].fetch_max(now, Ordering::SeqCst);
        Entered(self.clone())
    }

    fn now(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    fn most(&self) -> usize {
        self.0[1].load(Ordering::SeqCst)
    }
}

/// Counts as running while it exists.
struct Entered(Running);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0[0].fetch_sub(1, Ordering::SeqCst);
    }
}

#[actor]
impl Fetcher {
    /// Needs no state of the actor.
    #[message(concurrent)]
    async fn nap(ms: u64) -> u64 {
        sleep(Duration::from_millis(ms)).await;
        ms
    }

    /// Takes a copy of the state in its turn.
    #[message(concurrent, local)]
    fn fetch(&self, page: String, gate: Gate) -> impl Future<Output = String> {
        let prefix = self.prefix.clone();
        let running = self.running.enter();
        async move {
            let _running = running;
            gate.pass().await;
            format!("{prefix}/{page}")
        }
    }

    #[message(concurrent)]
    async fn divide(a: u64, b: u64) -> Result<u64, support::NoGood> {
        sleep(Duration::from_millis(1)).await;
        a.checked_div(b)
            .ok_or_else(|| support::NoGood("by zero".into()))
    }

    #[message(concurrent)]
    async fn explode(at_once: bool) {
        if !at_once {
            sleep(Duration::from_millis(1)).await;
        }
        panic!("boom");
    }

    #[message(concurrent)]
    fn explode_in_its_turn(&self) -> impl Future<Output = ()> {
        assert!(self.prefix.is_empty() && self.turns > 1_000, "boom");
        async {}
    }

    #[message(concurrent)]
    fn with_context(&mut self, ctx: &mut Context<Self>) -> impl Future<Output = Urn> {
        self.turns += 1;
        let urn = ctx.urn();
        async move { urn }
    }

    #[message]
    fn turns(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    #[on(error)]
    fn failed(&mut self, error: HandlerError) -> Directive {
        assert_eq!(error.message, "divide");
        Directive::Stop
    }
}

async fn they_overlap_and_the_turns_go_on(place: Place) {
    let system = System::new("test");
    let fetcher = Fetcher {
        prefix: "a".into(),
        ..Fetcher::default()
    };
    let fetcher = system.actor(fetcher).at(place).unwrap();
    let mut pages = Vec::new();
    for page in ["1", "2", "3"] {
        let (gate, mut keeper) = gate();
        let reply = fetcher.fetch(page.into(), gate).reply().await.unwrap();
        keeper.entered().await;
        pages.push((reply, keeper));
    }
    // All three are at their gates.
    assert_eq!(fetcher.turns().await.unwrap(), 1);
    assert_eq!(fetcher.with_context().await.unwrap(), fetcher.urn());
    for ((reply, keeper), page) in pages.into_iter().zip(["a/1", "a/2", "a/3"]) {
        keeper.open();
        assert_eq!(reply.await.unwrap(), page);
    }
}

async fn as_many_run_as_the_mailbox_has_places(place: Place) {
    let system = System::new("test");
    let running = Running::default();
    let fetcher = Fetcher {
        running: running.clone(),
        ..Fetcher::default()
    };
    let fetcher = system.actor(fetcher).at(place).unwrap();
    let mut pages = VecDeque::new();
    for n in 0..16 {
        let (gate, mut keeper) = gate();
        let reply = fetcher.fetch(n.to_string(), gate).reply().await.unwrap();
        if n < 8 {
            keeper.entered().await;
        }
        pages.push_back((reply, keeper));
    }
    // Each that ends lets the next one in.
    for n in 0..16 {
        let (reply, keeper) = pages.pop_front().unwrap();
        keeper.open();
        assert_eq!(reply.await.unwrap(), format!("/{n}"));
        if let Some((_, next)) = pages.get_mut(7) {
            next.entered().await;
        }
    }
    assert_eq!((running.now(), running.most()), (0, 8));
}

async fn a_stop_lets_them_finish_and_the_other_ends_do_not(place: Place) {
    let system = System::new("test");
    let running = Running::default();
    let spawn = || {
        let fetcher = Fetcher {
            running: running.clone(),
            ..Fetcher::default()
        };
        system.actor(fetcher).at(place).unwrap()
    };
    let fetcher = spawn();
    let (first, first_keeper) = gate();
    let (last, last_keeper) = gate();
    let page = fetcher.fetch("1".into(), first).reply().await.unwrap();
    let last = fetcher.fetch("2".into(), last).reply().await.unwrap();
    fetcher.turns().await.unwrap();
    let end = fetcher.stop();
    first_keeper.open();
    assert_eq!(page.await.unwrap(), "/1");
    assert_eq!(running.now(), 1);
    last_keeper.open();
    assert_eq!(last.await.unwrap(), "/2", "not only the first");
    assert_eq!(end.await, StopReason::Stopped);
    for end in [ActorRef::stop_now, ActorRef::kill] {
        let fetcher = spawn();
        let (gate, _keeper) = gate();
        let page = fetcher.fetch("1".into(), gate).reply().await.unwrap();
        fetcher.turns().await.unwrap();
        assert_eq!(running.now(), 1);
        end(&fetcher).await;
        assert_eq!(running.now(), 0, "gone before the end is told");
        assert!(matches!(
            page.await,
            Err(AskError::Stopped {
                delivery: Delivery::MayHaveRun,
                ..
            })
        ));
    }
    // A told message becomes a dead letter.
    let mut events = system.events();
    let fetcher = spawn();
    let (gate, _keeper) = gate();
    fetcher.fetch("1".into(), gate).tell().await.unwrap();
    fetcher.turns().await.unwrap();
    fetcher.kill().await;
    let letter = support::next_dead_letter(&mut events).await;
    assert_eq!(
        (letter.message, letter.cause),
        ("fetch", DeadLetterCause::Stopped)
    );
}

#[support::test(start_paused = true)]
async fn errors_and_panics_are_as_those_of_a_turn() {
    let system = System::new("test");
    let fetcher = system.spawn(Fetcher::default()).unwrap();
    assert_eq!(fetcher.divide(6, 3).await.unwrap(), 2);
    assert!(matches!(
        fetcher.divide(6, 0).await,
        Err(AskError::Handler(_))
    ));
    fetcher.divide(6, 0).tell().await.unwrap();
    assert!(matches!(
        fetcher.stopped().await,
        Some(StopReason::Failed(_))
    ));
    for at_once in [true, false] {
        let fetcher = system.spawn(Fetcher::default()).unwrap();
        let failed = fetcher.explode(at_once).await;
        assert!(
            matches!(failed, Err(AskError::Panicked { .. })),
            "{failed:?}"
        );
        assert!(matches!(
            fetcher.stopped().await,
            Some(StopReason::Panicked(_))
        ));
    }
    let fetcher = system.spawn(Fetcher::default()).unwrap();
    let failed = fetcher.explode_in_its_turn().await;
    assert!(
        matches!(failed, Err(AskError::Panicked { .. })),
        "{failed:?}"
    );
    assert!(matches!(
        fetcher.stopped().await,
        Some(StopReason::Panicked(_))
    ));
}

/// Corresponds to `apply_async(time.sleep, (2,))` of a pool in Python.
#[support::test(start_paused = true)]
async fn its_reply_is_there_at_once_and_the_answer_when_it_is_done() {
    let system = System::new("test");
    let fetcher = system.spawn(Fetcher::default()).unwrap();
    let begun = Instant::now();
    let mut replies = Vec::new();
    for _ in 0..4 {
        replies.push(fetcher.nap(2_000).reply().await.unwrap());
    }
    assert_eq!(begun.elapsed(), Duration::ZERO, "queued");
    assert!(support::poll_once(&mut replies[0]).is_pending());
    fetcher.with_context().await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO, "others are served");
    for reply in replies {
        assert_eq!(reply.await, Ok(2_000));
        assert_eq!(begun.elapsed(), Duration::from_secs(2), "all at once");
    }
}
