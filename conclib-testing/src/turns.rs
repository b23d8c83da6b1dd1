//! Order in which the turns of a system run, drawn from a seed.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use conclib_core::ActorId;
use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::kit::Kit;

/// Scheduler of turns. An actor that has taken a message waits here until it is drawn; the next
/// draw is made once all other tasks wait for something.
pub(super) struct Turns {
    runtime: Handle,
    order: Mutex<Order>,
}

struct Order {
    dice: Dice,
    /// Actors that wait for their turn, in the order they came.
    waiting: Vec<(ActorId, Waker)>,
    /// Actor that was drawn and has not begun its turn.
    drawn: Option<ActorId>,
    /// True while a task draws.
    drawing: bool,
}

/// Random number generator that depends on its seed alone (splitmix64).
struct Dice(u64);

impl Dice {
    /// Returns a number below `bound`, which is not zero.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        #[expect(clippy::cast_possible_truncation, reason = "any bits do")]
        let bits = bits as usize;
        bits % bound
    }
}

impl Turns {
    pub(super) fn new(runtime: Handle, seed: u64) -> Self {
        Self {
            runtime,
            order: Mutex::new(Order {
                dice: Dice(seed),
                waiting: Vec::new(),
                drawn: None,
                drawing: false,
            }),
        }
    }

    /// Waits until the actor is drawn.
    pub(super) async fn wait(&self, kit: &Arc<Kit>, actor: ActorId) {
        /// Guard that removes an actor which is killed meanwhile.
        struct Leave<'t>(&'t Turns, ActorId);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.leave(self.1);
            }
        }
        let _leave = Leave(self, actor);
        poll_fn(|cx| {
            let mut order = self.order();
            if order.drawn == Some(actor) {
                return Poll::Ready(());
            }
            match order.waiting.iter_mut().find(|(id, _)| *id == actor) {
                Some((_, waker)) => waker.clone_from(cx.waker()),
                None => {
                    order.waiting.push((actor, cx.waker().clone()));
                    kit.moved();
                }
            }
            if !std::mem::replace(&mut order.drawing, true) {
                drop(order);
                self.runtime.spawn(draw(kit.clone()));
            }
            Poll::Pending
        })
        .await;
    }

    fn leave(&self, actor: ActorId) {
        let mut order = self.order();
        order.waiting.retain(|(id, _)| *id != actor);
        order.drawn.take_if(|drawn| *drawn == actor);
    }

    /// Draws one of the waiting actors. Returns false, and stops drawing, if none waits.
    fn draw(&self) -> bool {
        let mut order = self.order();
        let Order { dice, waiting, .. } = &mut *order;
        if waiting.is_empty() {
            order.drawing = false;
            return false;
        }
        let (actor, waker) = waiting.remove(dice.below(waiting.len()));
        order.drawn = Some(actor);
        drop(order);
        waker.wake();
        true
    }

    fn has_begun(&self) -> bool {
        self.order().drawn.is_none()
    }

    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Draws one actor after the other, for as long as one waits.
async fn draw(kit: Arc<Kit>) {
    let Some(turns) = kit.turns() else { return };
    loop {
        settle(&kit).await;
        if !turns.draw() {
            return;
        }
        // The actor is polled before this task, and by then its turn has ended or waits for
        // something.
        while !turns.has_begun() {
            yield_now().await;
        }
    }
}

/// Lets all other tasks run until they wait for something.
async fn settle(kit: &Kit) {
    loop {
        let moves = kit.moves();
        yield_now().await;
        if kit.moves() == moves {
            return;
        }
    }
}
