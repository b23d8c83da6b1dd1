//! Pauses of a client between attempts to connect.

use std::time::Duration;

/// First and longest pause.
const FIRST: Duration = Duration::from_millis(50);
pub(super) const LONGEST: Duration = Duration::from_secs(5);

/// Pauses that double, each shortened by a random part of up to one half, so
/// that the clients of a restarted server do not all connect at once.
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Self(FIRST)
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (2 * pause).min(LONGEST);
        // Without random bytes the pause has its full length.
        let random = f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX);
        pause.mul_f64(1.0 - random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_stay_within_their_half() {
        let mut backoff = Backoff::new();
        let mut full = FIRST;
        for _ in 0..10 {
            let pause = backoff.next();
            assert!(pause <= full && pause >= full / 2, "{pause:?} of {full:?}");
            full = (2 * full).min(LONGEST);
        }
        assert_eq!(backoff.0, LONGEST);
    }
}
