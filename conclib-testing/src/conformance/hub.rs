//! Actors whose references travel.

use std::ops::Range;
use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use conclib_core::{
    ActorRef, AskError, Context, Gone, Recipient, StopReason, Stream, System, WeakRef,
};
use conclib_macros::actor;
use tokio::sync::watch;

/// Keeps references to bells, and rings bells anywhere.
#[actor(crate = conclib_core)]
#[derive(Default)]
pub struct Hub {
    kept: Vec<ActorRef<Bell>>,
    weak: Option<WeakRef<Bell>>,
}

/// Stream of new bells.
struct Bells(System, Range<u32>);

impl Stream for Bells {
    type Item = Option<ActorRef<Bell>>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let next = self.1.next();
        Poll::Ready(next.map(|_| self.0.spawn(Bell::default()).ok()))
    }
}

#[actor(crate = conclib_core)]
impl Hub {
    #[message]
    async fn ring(&mut self, bell: ActorRef<Bell>) -> Option<u32> {
        bell.ring().await.ok()
    }

    /// Rings a bell, and tells if the ask would have closed a cycle.
    #[message]
    async fn is_cycle(&mut self, bell: ActorRef<Bell>) -> bool {
        matches!(bell.ring().await, Err(AskError::Cycle { .. }))
    }

    #[message]
    async fn ring_recipient(&mut self, bell: Recipient<BellRing>) -> Option<u32> {
        bell.ask(BellRing {}).await.ok()
    }

    #[message]
    fn keep_weakly(&mut self, bell: WeakRef<Bell>) {
        self.weak = Some(bell);
    }

    /// Rings the bell that is kept weakly.
    #[message]
    async fn ring_weak(&mut self) -> Option<u32> {
        self.weak.as_ref()?.upgrade()?.ring().await.ok()
    }

    #[message]
    fn keep_all(&mut self, bells: Vec<ActorRef<Bell>>) -> usize {
        self.kept.extend(bells);
        self.kept.len()
    }

    /// Makes so many bells, one after the other.
    #[message]
    fn make_many(
        &mut self,
        count: u32,
        ctx: &mut Context<Self>,
    ) -> impl Stream<Item = Option<ActorRef<Bell>>> {
        Bells(ctx.system(), 0..count)
    }

    #[message]
    fn keep(&mut self, bell: ActorRef<Bell>) -> usize {
        self.kept.push(bell);
        self.kept.len()
    }

    #[message]
    fn forget(&mut self) {
        self.kept.clear();
    }

    #[message]
    fn give_back(&mut self) -> Vec<ActorRef<Bell>> {
        std::mem::take(&mut self.kept)
    }

    /// Makes a bell of that name, which its system keeps alive.
    #[message]
    fn make_named(&mut self, urn: String, ctx: &mut Context<Self>) -> Option<ActorRef<Bell>> {
        let bell = ctx.system().actor(Bell::default()).urn(urn).spawn();
        bell.ok()
    }

    /// Makes a bell that only its reference keeps alive.
    #[message]
    fn make(&mut self, ctx: &mut Context<Self>) -> Option<ActorRef<Bell>> {
        ctx.system().spawn(Bell::default()).ok()
    }
}

/// Counts its rings.
#[actor(crate = conclib_core)]
#[derive(Default)]
pub struct Bell {
    rung: u32,
}

#[actor(crate = conclib_core)]
impl Bell {
    #[message]
    fn ring(&mut self) -> u32 {
        self.rung += 1;
        self.rung
    }

    /// Asks a hub, which may be anywhere, to ring a bell.
    #[message]
    async fn ring_through(&mut self, hub: ActorRef<Hub>, bell: ActorRef<Bell>) -> Option<u32> {
        hub.ring(bell).await.ok().flatten()
    }

    /// Asks a hub to ring this bell, which waits meanwhile.
    #[message]
    async fn ring_oneself(&mut self, hub: ActorRef<Hub>, ctx: &mut Context<Self>) -> Option<bool> {
        hub.is_cycle(ctx.me()).await.ok()
    }

    #[message]
    fn crack(&mut self) -> u32 {
        panic!("cracked");
    }
}

/// Watches bells.
#[actor(crate = conclib_core)]
pub struct Watcher {
    pub(super) gone: watch::Sender<Vec<StopReason>>,
}

#[actor(crate = conclib_core)]
impl Watcher {
    #[message]
    fn watch(&mut self, bell: ActorRef<Bell>, ctx: &mut Context<Self>) {
        ctx.watch(&bell);
    }

    #[on(gone)]
    fn gone(&mut self, gone: Gone) {
        self.gone.send_modify(|reasons| reasons.push(gone.reason));
    }
}
