//! Reading in batches, so that the peer works at the same time.

use std::future::{Future, poll_fn};
use std::mem::replace;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use tokio::task::yield_now;

use super::spin::LIMIT;
use super::trial::{Trial, is_alone};

/// Number of frames of a batch. A smaller one costs more writes, and a larger one leaves the peer
/// without work for longer.
const BATCH: usize = 16;

/// Divides frames that came together into batches: after each batch the task lets the actors and
/// the askers run, and writes what they send, and so the peer works on that while the rest is read.
///
/// A batch did not pay if the peer sends nothing within a short time after it: the peer has no core
/// of its own. Then frames that come together are read at once, for an increasing number of
/// times.
pub(super) struct Batches {
    is_possible: bool,
    trial: Trial,
    frames: usize,
    /// Decision for the frames that came last; `None` before the end of their first batch.
    divides: Option<bool>,
}

impl Batches {
    pub(super) fn new() -> Self {
        Self {
            is_possible: is_alone(),
            trial: Trial::default(),
            frames: 0,
            divides: None,
        }
    }

    /// Counts a frame, and lets the other tasks run at the end of a batch.
    #[inline]
    pub(super) async fn taken(&mut self) {
        self.frames += 1;
        if self.frames == BATCH {
            self.frames = 0;
            self.end().await;
        }
    }

    async fn end(&mut self) {
        let is_due = || self.is_possible && self.trial.is_due();
        if *self.divides.get_or_insert_with(is_due) {
            run_others().await;
        }
    }

    /// Waits for the next frames by `filling`, and notes if they come in time.
    pub(super) async fn next<T>(&mut self, filling: impl Future<Output = T>) -> T {
        self.frames = 0;
        if self.divides.take() != Some(true) {
            return filling.await;
        }
        let mut filling = pin!(filling);
        let filled = tokio::select! {
            biased;
            filled = &mut filling => Some(filled),
            () = look_at_sockets() => None,
        };
        self.trial.learn(filled.is_some());
        match filled {
            Some(filled) => filled,
            None => filling.await,
        }
    }
}

/// Lets the other tasks run, and looks at the sockets, for the time that a peer of its own core may
/// need to wake up and to answer.
async fn look_at_sockets() {
    let until = Instant::now() + LIMIT;
    while Instant::now() < until {
        yield_now().await;
    }
}

/// Lets the tasks run that are ready now, without a look at the sockets.
async fn run_others() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Takes as many frames as a batch has, and tells if another task ran meanwhile.
    async fn divides(batches: &mut Batches) -> bool {
        let other = Arc::new(AtomicBool::new(false));
        let ran = other.clone();
        tokio::spawn(async move { ran.store(true, Ordering::SeqCst) });
        for _ in 0..BATCH {
            batches.taken().await;
        }
        other.load(Ordering::SeqCst)
    }

    /// Resolves too late for a trial to pay.
    async fn late() {
        look_at_sockets().await;
        look_at_sockets().await;
    }

    #[tokio::test]
    async fn frames_are_divided_while_the_peer_keeps_up() {
        let mut batches = Batches::new();
        for _ in 0..3 {
            assert!(divides(&mut batches).await);
            assert!(divides(&mut batches).await, "the same frames");
            batches.next(ready(())).await;
        }
        assert!(divides(&mut batches).await);
        batches.next(late()).await;
        assert!(!divides(&mut batches).await, "this occasion is skipped");
        batches.next(late()).await;
        assert!(divides(&mut batches).await);
    }

    #[tokio::test]
    async fn a_few_frames_are_not_divided() {
        let mut batches = Batches::new();
        for _ in 1..BATCH {
            batches.taken().await;
        }
        batches.next(late()).await;
        assert!(divides(&mut batches).await, "nothing was tried before");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn frames_for_several_workers_are_not_divided() {
        let mut batches = Batches::new();
        for _ in 0..BATCH {
            batches.taken().await;
        }
        assert_eq!(batches.divides, Some(false));
    }
}
