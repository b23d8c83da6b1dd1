//! test_async_utils.py: a source that is armed again after each of its items.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conclib::Attached;
use conclib::prelude::*;
use futures_util::stream::{self, Stream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::yield_now;

use support::{Gate, Log, gate, until};

/// Item of a source: a text, and the gate at which its turn waits.
pub type Item = (&'static str, Option<Gate>);

pub struct Source {
    items: UnboundedReceiver<Item>,
    taken: Arc<AtomicUsize>,
}

impl Source {
    /// Counts the items that are taken from it.
    fn stream(self) -> impl Stream<Item = Item> + Send + Unpin + 'static {
        let Self { mut items, taken } = self;
        stream::poll_fn(move |cx| {
            let item = items.poll_recv(cx);
            if item.is_ready() {
                taken.fetch_add(1, Ordering::Relaxed);
            }
            item
        })
    }
}

/// Notes the items of its sources.
#[actor]
#[derive(Default)]
pub struct Sink {
    pub log: Log,
    pub ends_itself: bool,
}

#[actor]
impl Sink {
    #[message(local)]
    fn register(&mut self, source: Source, ctx: &mut Context<Self>) -> Attached {
        ctx.attach(source.stream(), |item| SinkHandle { item })
    }

    #[message(local)]
    async fn handle(&mut self, item: Option<Item>, ctx: &mut Context<Self>) {
        let Some((text, gate)) = item else { return };
        if let Some(gate) = gate {
            gate.pass().await;
        }
        self.log.add(text);
        if self.ends_itself {
            ctx.stop();
        }
    }

    #[message]
    fn note(&mut self, text: String) {
        self.log.add(text);
    }
}

/// Sink with one source, and the handles of the test.
pub struct Input {
    _system: System,
    pub sink: ActorRef<Sink>,
    pub log: Log,
    pub queue: UnboundedSender<Item>,
    pub taken: Arc<AtomicUsize>,
    pub attached: Attached,
}

pub async fn input(sink: Sink) -> Input {
    let system = System::new("actorio");
    let log = sink.log.clone();
    let sink = system.spawn(sink).unwrap();
    let (queue, items) = mpsc::unbounded_channel();
    let taken = Arc::new(AtomicUsize::new(0));
    let source = Source {
        items,
        taken: Arc::clone(&taken),
    };
    let attached = sink.register(source).await.unwrap();
    Input {
        _system: system,
        sink,
        log,
        queue,
        taken,
        attached,
    }
}

impl Input {
    pub fn put(&self, text: &'static str) {
        self.queue.send((text, None)).unwrap();
    }

    async fn has_noted(&self, lines: &[&str]) {
        until(|| self.log.lines().len() >= lines.len()).await;
        assert_eq!(self.log.lines(), lines);
    }
}

#[support::test]
async fn reusable_task_is_awaitable() {
    let it = input(Sink::default()).await;
    it.put("a");
    it.has_noted(&["a"]).await;
}

#[support::test]
async fn reusable_task_is_no_longer_awaitable_after_rearm() {
    let it = input(Sink::default()).await;
    it.put("a");
    it.has_noted(&["a"]).await;
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(it.log.lines(), ["a"], "nothing comes again");
    it.put("b");
    it.has_noted(&["a", "b"]).await;
}

/// While an item is handled, no other is taken from its source.
#[support::test]
async fn reusable_task_only_rearm_if_necessary() {
    let it = input(Sink::default()).await;
    let (gate, mut keeper) = gate();
    it.queue.send(("a", Some(gate))).unwrap();
    it.put("b");
    keeper.entered().await;
    for _ in 0..100 {
        yield_now().await;
    }
    assert_eq!(it.taken.load(Ordering::Relaxed), 1);
    keeper.open();
    it.has_noted(&["a", "b"]).await;
}

#[support::test]
async fn reusable_task_cancels_task_on_cm_exit() {
    // Detached explicitly, or with its actor.
    let it = input(Sink::default()).await;
    assert!(!it.queue.is_closed());
    it.attached.detach();
    it.queue.closed().await;
    assert!(it.attached.is_detached());

    let it = input(Sink::default()).await;
    assert!(!it.queue.is_closed());
    it.sink.stop().await;
    assert!(it.queue.is_closed());
}

#[support::test]
async fn reusable_task_usable_in_asyncio_wait() {
    let it = input(Sink::default()).await;
    // Both are awaited at once, and may come in any order.
    it.sink.note("message".into()).await.unwrap();
    it.put("a");
    it.has_noted(&["message", "a"]).await;
    it.sink.note("another".into()).await.unwrap();
    assert_eq!(it.log.count("another"), 1);
}
