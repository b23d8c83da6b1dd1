//! Short wait for the peer without sleeping.

use std::future::Future;
use std::pin::pin;
use std::task::Context;
use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::trial::{Trial, is_alone};

/// Maximum time after a write in which the task looks for an answer instead of
/// sleeping. To wake a sleeping core takes about as long.
pub(super) const LIMIT: Duration = Duration::from_micros(50);

/// Wait of the task of a link after a write: for a short time the task yields to
/// the other tasks of its runtime and polls again, since a peer that is awake
/// answers sooner than the operating system wakes this thread.
///
/// The wait did not pay if no bytes come in that time: the peer has no core of
/// its own, a handler is slow, or there was nothing to answer. Then an increasing
/// number of writes is followed by no such wait.
pub(super) struct Spin {
    is_possible: bool,
    trial: Trial,
    /// End of the wait that is under way.
    until: Option<Instant>,
    /// Numbers of written bytes and of reads at the last poll.
    seen: (u64, u64),
}

impl Spin {
    pub(super) fn new() -> Self {
        Self {
            is_possible: is_alone(),
            trial: Trial::default(),
            until: None,
            seen: (0, 0),
        }
    }

    /// Decides, after a poll that left nothing to do, if the task is polled again
    /// at once. `written` and `reads` count the bytes that were written, and the
    /// reads that brought bytes.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, written: u64, reads: u64) {
        if !self.is_possible {
            return;
        }
        let (had_written, had_read) = std::mem::replace(&mut self.seen, (written, reads));
        if let Some(until) = self.until {
            let is_late = Instant::now() > until;
            if reads == had_read && !is_late {
                return yield_to_others(cx);
            }
            self.until = None;
            self.trial.learn(!is_late);
        }
        if written == had_written || !self.trial.is_due() {
            return;
        }
        self.until = Some(Instant::now() + LIMIT);
        yield_to_others(cx);
    }
}

/// Polls this task again after the other tasks, and after a look at the sockets.
fn yield_to_others(cx: &mut Context<'_>) {
    let _ = pin!(yield_now()).poll(cx);
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    /// Polls after a write until the wait for an answer ends.
    async fn wait(spin: &mut Spin, written: u64, reads: u64) {
        poll_fn(|cx| {
            spin.poll(cx, written, reads);
            match spin.until {
                Some(_) => Poll::Pending,
                None => Poll::Ready(()),
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_wait_without_an_answer_ends_and_is_not_repeated_at_once() {
        let mut spin = Spin::new();
        wait(&mut spin, 1, 0).await;
        poll_fn(|cx| {
            spin.poll(cx, 2, 0);
            assert!(spin.until.is_none(), "this write is skipped");
            spin.poll(cx, 3, 0);
            assert!(spin.until.is_some());
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn a_poll_without_a_write_never_waits() {
        let mut spin = Spin::new();
        poll_fn(|cx| {
            spin.poll(cx, 0, 1);
            spin.poll(cx, 0, 2);
            Poll::Ready(())
        })
        .await;
        assert!(spin.until.is_none());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_task_of_several_workers_never_waits() {
        let mut spin = Spin::new();
        wait(&mut spin, 1, 0).await;
        assert_eq!(spin.seen, (0, 0));
    }
}
