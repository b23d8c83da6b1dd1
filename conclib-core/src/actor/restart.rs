//! Restart policies: conditions, limits and pauses for starting a failed actor again.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// Restart policy of an actor: on which failures, how often, and after which pause the
/// actor is started again.
///
/// The actor stays the same over all its restarts: references, name, mailbox and counts
/// stay, and only the state is made anew. An end that was asked for, by `stop`, `kill`
/// or dropping the last reference, is always final.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
///
/// # #[actor]
/// # #[derive(Default)]
/// # struct Worker { done: u64 }
/// #
/// # #[actor]
/// # impl Worker {
/// #     #[message]
/// #     fn work(&mut self, part: u64) -> u64 {
/// #         assert!(part != 13, "unlucky");
/// #         self.done += 1;
/// #         self.done
/// #     }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let backoff = Backoff::from(Duration::from_millis(1)).up_to(Duration::from_secs(1));
/// let worker = system
///     .actor_with(Worker::default)
///     .restart(Restart::on_failure().max(5, Duration::from_secs(10)).backoff(backoff))
///     .spawn()?;
/// assert_eq!(worker.work(1).await?, 1);
/// assert!(matches!(worker.work(13).await, Err(AskError::Panicked { .. })));
/// assert_eq!(worker.work(2).await?, 1, "a fresh state, behind the same reference");
/// assert_eq!(worker.generation(), Some(2));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Restart {
    pub(crate) on_failure: bool,
    max: usize,
    within: Duration,
    backoff: Backoff,
}

impl Restart {
    /// Restarts the actor when it failed: when it panicked, when `#[on(error)]` said
    /// so, or when it could not start. Allows five restarts in ten seconds, unless
    /// [`max`](Self::max) says otherwise, with the default [`Backoff`].
    pub const fn on_failure() -> Self {
        Self {
            on_failure: true,
            max: 5,
            within: Duration::from_secs(10),
            backoff: Backoff::DEFAULT,
        }
    }

    /// Restarts the actor only when its supervisor says so: by
    /// [`Directive::Restart`](crate::supervision::Directive::Restart), or with its siblings.
    pub const fn never() -> Self {
        Self {
            on_failure: false,
            ..Self::on_failure()
        }
    }

    /// Allows at most `times` restarts in any span of time as long as `within`. The
    /// next failure is final, and the supervisor fails with the actor.
    pub const fn max(mut self, times: usize, within: Duration) -> Self {
        self.max = times;
        self.within = within;
        self
    }

    /// Tells whether a failed actor pauses before it is started again.
    pub(crate) const fn pauses(&self) -> bool {
        self.on_failure && !self.backoff.first.is_zero()
    }

    /// Sets the pause before each restart.
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }
}

/// Pauses of a failed actor before it is started again: longer each time, and varied at
/// random.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
///
/// let backoff = Backoff::from(Duration::from_millis(100))
///     .up_to(Duration::from_secs(30))
///     .jitter(0.1)
///     .reset_after(Duration::from_secs(60));
/// # let _ = backoff;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    jitter: f64,
    reset_after: Duration,
}

impl Backoff {
    const DEFAULT: Self = Self {
        first: Duration::from_millis(10),
        most: Duration::from_secs(10),
        jitter: 0.2,
        reset_after: Duration::from_secs(10),
    };

    /// Pauses for `first` before the first restart, and twice as long before each one
    /// that follows.
    pub const fn from(first: Duration) -> Self {
        Self {
            first,
            ..Self::DEFAULT
        }
    }

    /// Restarts without a pause.
    pub const fn none() -> Self {
        Self::from(Duration::ZERO)
    }

    /// Limits the pauses to `most`, without the [`jitter`](Self::jitter), but never to
    /// less than the first pause: ten seconds by default.
    pub const fn up_to(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }

    /// Lengthens or shortens each pause at random by up to this part of it, so that
    /// actors that failed together do not come back together: 0.2 by default.
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = part.clamp(0.0, 1.0);
        self
    }

    /// Counts an incarnation that ran for this long as recovered, so that the next
    /// pause is the first one again: ten seconds by default.
    pub const fn reset_after(mut self, lived: Duration) -> Self {
        self.reset_after = lived;
        self
    }

    fn delay(&self, attempt: u32) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX));
        let delay = doubled.min(self.most.max(self.first));
        let spread = delay.as_secs_f64() * (1.0 + self.jitter * chance());
        Duration::try_from_secs_f64(spread).unwrap_or(delay)
    }
}

/// Random number from -1 to 1, used only to spread restarts.
fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 32;
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let part = bits as f64 / f64::from(u32::MAX);
    2.0 * part - 1.0
}

/// Restarts of an actor, or of anything else with a [`Restart`] policy.
#[derive(Debug)]
pub struct History {
    pub(crate) policy: Restart,
    /// Times of the restarts that still count.
    at: VecDeque<Instant>,
    /// Number of restarts since the last recovery.
    attempt: u32,
    /// Time at which the present incarnation began.
    born: Instant,
}

impl History {
    /// Makes a history without a restart; the first incarnation begins now.
    pub fn new(policy: Restart) -> Self {
        Self {
            policy,
            at: VecDeque::new(),
            attempt: 0,
            born: Instant::now(),
        }
    }

    /// Notes that an incarnation begins now.
    pub(crate) fn begin(&mut self) {
        self.born = Instant::now();
    }

    /// Notes that an incarnation begins after this delay, which does not count towards
    /// its recovery.
    pub fn begin_in(&mut self, delay: Duration) {
        self.born = Instant::now() + delay;
    }

    /// Returns the pause after a failure, as [`next`](Self::next) does, where no
    /// supervisor decides; `None`, too, if the policy restarts nothing.
    pub fn after_failure(&mut self) -> Option<Duration> {
        self.policy.on_failure.then(|| self.next()).flatten()
    }

    /// Returns the pause before the next start; `None` if there were too many.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        let Restart {
            max,
            within,
            backoff,
            ..
        } = self.policy;
        let now = Instant::now();
        while self
            .at
            .front()
            .is_some_and(|at| now.duration_since(*at) >= within)
        {
            self.at.pop_front();
        }
        if self.at.len() >= max {
            return None;
        }
        self.at.push_back(now);
        if now.duration_since(self.born) >= backoff.reset_after {
            self.attempt = 0;
        }
        let delay = backoff.delay(self.attempt);
        self.attempt = self.attempt.saturating_add(1);
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_makes_a_wait_that_there_is_not() {
        let first = Duration::from_millis(1);
        assert_eq!(Backoff::from(first).jitter(f64::NAN).delay(0), first);
        for _ in 0..64 {
            let endless = Backoff::from(Duration::MAX).up_to(Duration::MAX);
            assert!(endless.jitter(1.0).delay(40) <= Duration::MAX);
        }
    }
}
