//! Short wait for the peer without sleeping.

use std::future::Future;
use std::pin::pin;
use std::task::Context;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::yield_now;

/// Maximum time after a write in which the task looks for an answer instead of
/// sleeping. To wake a sleeping core takes about as long.
const LIMIT: Duration = Duration::from_micros(50);

/// Maximum number of times in a row that the number of skipped writes doubles.
const MAX_DOUBLINGS: u32 = 10;

/// Number of answers in time, in a row, that halve the number of skipped writes.
const STREAK: u32 = 4;

/// Wait of the task of a link after a write: for a short time the task yields to
/// the other tasks of its runtime and polls again, since a peer that is awake
/// answers sooner than the operating system wakes this thread.
///
/// When no bytes come in that time, the wait did not pay: the peer has no core of
/// its own, a handler is slow, or there was nothing to answer. Then the next
/// writes are followed by no such wait: 1, 2, 4 and up to 1024 of them.
pub(super) struct Spin {
    /// True on a runtime with one thread: of several, another one may be the one that waits for
    /// the socket.
    is_possible: bool,
    /// End of the wait that is under way.
    until: Option<Instant>,
    /// Numbers of written bytes and of reads at the last poll.
    seen: (u64, u64),
    /// Number of writes that are followed by no wait.
    skipped: u32,
    doublings: u32,
    streak: u32,
}

impl Spin {
    pub(super) fn new() -> Self {
        let workers = Handle::try_current().map(|runtime| runtime.metrics().num_workers());
        Self {
            is_possible: workers.is_ok_and(|workers| workers == 1),
            until: None,
            seen: (0, 0),
            skipped: 0,
            doublings: 0,
            streak: 0,
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
            self.learn(!is_late);
        }
        if written == had_written {
            return;
        }
        if let Some(left) = self.skipped.checked_sub(1) {
            self.skipped = left;
            return;
        }
        self.until = Some(Instant::now() + LIMIT);
        yield_to_others(cx);
    }

    /// Notes if a wait has paid.
    fn learn(&mut self, has_paid: bool) {
        if !has_paid {
            self.streak = 0;
            self.skipped = 1 << self.doublings;
            self.doublings = (self.doublings + 1).min(MAX_DOUBLINGS);
            return;
        }
        self.streak += 1;
        if self.streak == STREAK {
            self.streak = 0;
            self.doublings = self.doublings.saturating_sub(1);
        }
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
        assert_eq!((spin.skipped, spin.doublings), (1, 1));
        poll_fn(|cx| {
            spin.poll(cx, 2, 0);
            assert!(spin.until.is_none(), "this write is skipped");
            spin.poll(cx, 3, 0);
            assert!(spin.until.is_some());
            Poll::Ready(())
        })
        .await;
        wait(&mut spin, 3, 0).await;
        assert_eq!((spin.skipped, spin.doublings), (2, 2));
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
        assert_eq!((spin.skipped, spin.seen), (0, (0, 0)));
    }

    #[test]
    fn waits_that_do_not_pay_become_rare_and_those_that_pay_come_back() {
        let mut spin = Spin::new();
        (0..20).for_each(|_| spin.learn(false));
        assert_eq!(spin.skipped, 1 << MAX_DOUBLINGS);
        (0..STREAK * MAX_DOUBLINGS).for_each(|_| spin.learn(true));
        spin.learn(false);
        assert_eq!(spin.skipped, 1);
    }
}
