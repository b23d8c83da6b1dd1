//! Trials of something that pays at times only.

use tokio::runtime::Handle;

/// Maximum number of times in a row that the number of skipped occasions doubles.
const MAX_DOUBLINGS: u32 = 10;

/// Number of trials that paid, in a row, that halve the number of skipped occasions.
const STREAK: u32 = 4;

/// Decides if something is tried that pays only with a peer that runs at the same time.
///
/// After a trial that did not pay, the next occasions are skipped: 1, 2, 4 and up to 1024 of them.
#[derive(Default)]
pub(super) struct Trial {
    /// Number of occasions to skip.
    skipped: u32,
    doublings: u32,
    streak: u32,
}

impl Trial {
    /// Tests, on an occasion, if this one is tried.
    pub(super) fn is_due(&mut self) -> bool {
        match self.skipped.checked_sub(1) {
            Some(left) => {
                self.skipped = left;
                false
            }
            None => true,
        }
    }

    /// Notes if a trial has paid.
    pub(super) fn learn(&mut self, has_paid: bool) {
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

/// Tests if the runtime has one thread: of several, another one may be the one that waits for the
/// sockets, or that runs the other tasks.
pub(super) fn is_alone() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.metrics().num_workers() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of occasions up to the next trial.
    fn occasions(trial: &mut Trial) -> u32 {
        (0..).find(|_| trial.is_due()).unwrap()
    }

    #[test]
    fn trials_that_do_not_pay_become_rare_and_those_that_pay_come_back() {
        let mut trial = Trial::default();
        assert_eq!(occasions(&mut trial), 0);
        for skipped in [1, 2, 4, 8] {
            trial.learn(false);
            assert_eq!(occasions(&mut trial), skipped);
        }
        (0..20).for_each(|_| trial.learn(false));
        assert_eq!(occasions(&mut trial), 1 << MAX_DOUBLINGS);
        assert_eq!(
            occasions(&mut trial),
            0,
            "one that is not judged is repeated"
        );
        (0..STREAK * MAX_DOUBLINGS).for_each(|_| trial.learn(true));
        trial.learn(false);
        assert_eq!(occasions(&mut trial), 1);
    }
}
