//! Handlers that run beside the turns of their actor.

use conclib::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[actor(mailbox = 8)]
#[derive(Default)]
struct Fetcher {
    prefix: String,
    running: Arc<AtomicUsize>,
    turns: u64,
}

/// Counts itself while it exists.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
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
    #[message(concurrent)]
    fn fetch(&self, page: String) -> impl Future<Output = String> {
        let prefix = self.prefix.clone();
        let running = Running::new(&self.running);
        async move {
            let _running = running;
            sleep(Duration::from_millis(300)).await;
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

#[support::test(start_paused = true)]
async fn they_overlap_and_the_turns_go_on() {
    let system = System::new("test");
    let fetcher = system
        .spawn(Fetcher {
            prefix: "a".into(),
            ..Fetcher::default()
        })
        .unwrap();
    let begun = Instant::now();
    let (a, b, c, d, turn) = tokio::join!(
        fetcher.fetch("1".into()),
        fetcher.fetch("2".into()),
        fetcher.fetch("3".into()),
        fetcher.nap(300),
        fetcher.turns(),
    );
    assert_eq!(
        (a.unwrap(), b.unwrap(), c.unwrap()),
        ("a/1".into(), "a/2".into(), "a/3".into())
    );
    assert_eq!((d.unwrap(), turn.unwrap()), (300, 1));
    assert_eq!(begun.elapsed(), Duration::from_millis(300));
    assert_eq!(fetcher.with_context().await.unwrap(), fetcher.urn());
}

#[support::test(start_paused = true)]
async fn as_many_run_as_the_mailbox_has_places() {
    let system = System::new("test");
    let fetcher = system.spawn(Fetcher::default()).unwrap();
    let begun = Instant::now();
    let mut all = Vec::new();
    for n in 0..16 {
        all.push(tokio::spawn(fetcher.nap(100 + n % 2).owned().into_future()));
    }
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(200),
        "eight at a time"
    );
    assert!(begun.elapsed() <= Duration::from_millis(202));
}

#[support::test(start_paused = true)]
async fn a_stop_lets_them_finish_and_the_other_ends_do_not() {
    let system = System::new("test");
    let running = Arc::new(AtomicUsize::new(0));
    let spawn = || {
        let running = running.clone();
        system
            .spawn(Fetcher {
                running,
                ..Fetcher::default()
            })
            .unwrap()
    };
    let fetcher = spawn();
    let page = fetcher.fetch("1".into()).reply().await.unwrap();
    let last = fetcher.nap(600).reply().await.unwrap();
    fetcher.turns().await.unwrap();
    assert_eq!(fetcher.stop().await, StopReason::Stopped);
    assert_eq!(page.await.unwrap(), "/1");
    assert_eq!(last.await.unwrap(), 600, "not only the first");
    for end in [ActorRef::stop_now, ActorRef::kill] {
        let fetcher = spawn();
        let page = fetcher.fetch("1".into()).reply().await.unwrap();
        fetcher.turns().await.unwrap();
        assert_eq!(running.load(Ordering::SeqCst), 1);
        end(&fetcher).await;
        assert_eq!(
            running.load(Ordering::SeqCst),
            0,
            "gone before the end is told"
        );
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
    fetcher.fetch("1".into()).tell().await.unwrap();
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
