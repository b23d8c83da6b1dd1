//! Compact deadline, in the four bytes that are free beside a reply slot.

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Instant near now in 32 bits: the lower bits of the milliseconds since an epoch that lies before
/// every instant this process uses.
///
/// The value wraps, so it is valid only for 24 days before and after its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CompactDeadline(NonZeroU32);

impl CompactDeadline {
    /// Longest time ahead that is represented; a later deadline counts as none.
    const HORIZON: Duration = Duration::from_secs(60 * 60 * 24 * 24);

    /// Returns the deadline `at`, which is `by` ahead, rounded up to a millisecond; `None` if it is
    /// too far off.
    #[inline(always)]
    pub(crate) fn ahead(at: Instant, by: Duration) -> Option<Self> {
        (by.as_secs() < Self::HORIZON.as_secs()).then(|| Self::since(elapsed(at)))
    }

    #[expect(
        clippy::manual_div_ceil,
        reason = "it cannot overflow, and costs a third"
    )]
    fn since(since: Duration) -> Self {
        let begun = (since.subsec_nanos() + 999_999) / 1_000_000;
        let millis = since.as_secs().wrapping_mul(1000) + u64::from(begun);
        Self(NonZeroU32::new(lower(millis)).unwrap_or(NonZeroU32::MIN))
    }

    pub(crate) fn is_after(self, other: Self) -> bool {
        self.0.get().wrapping_sub(other.0.get()).cast_signed() > 0
    }

    pub(crate) fn instant(self) -> Instant {
        // An instant near now has the same higher bits, give or take one.
        let now = elapsed(Instant::now()).as_secs().wrapping_mul(1000);
        let ahead = self.0.get().wrapping_sub(lower(now)).cast_signed();
        epoch() + Duration::from_millis(now.saturating_add_signed(ahead.into()))
    }

    /// Returns the time from now to the deadline.
    pub(crate) fn remaining(self) -> Duration {
        self.instant().saturating_duration_since(Instant::now())
    }

    pub(crate) fn from_bits(bits: u32) -> Option<Self> {
        NonZeroU32::new(bits).map(Self)
    }

    pub(crate) fn to_bits(due: Option<Self>) -> u32 {
        due.map_or(0, |due| due.0.get())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
const fn lower(millis: u64) -> u32 {
    millis as u32
}

#[inline(always)]
fn elapsed(now: Instant) -> Duration {
    now.saturating_duration_since(epoch())
}

fn epoch() -> Instant {
    // The epoch lies before every clock: a paused test clock stands where it was paused.
    const MARGIN: Duration = Duration::from_secs(60 * 60 * 24 * 1000);
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(MARGIN).unwrap_or(now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(60 * 60 * 24);

    #[test]
    fn it_is_the_end_of_its_millisecond() {
        let early = CompactDeadline::since(Duration::from_nanos(1));
        assert_eq!(early, CompactDeadline::since(Duration::from_millis(1)));
        assert!(CompactDeadline::since(Duration::from_nanos(1_000_001)).is_after(early));
    }

    /// A process may run for longer than 32 bits count milliseconds.
    #[test]
    fn it_has_an_order_over_the_end_of_the_count() {
        for days in [0, 24, 49, 50, 700] {
            for hours in 0..24 {
                let now = DAY * days + DAY / 24 * hours;
                let (sooner, later) = (
                    CompactDeadline::since(now),
                    CompactDeadline::since(now + CompactDeadline::HORIZON),
                );
                assert!(later.is_after(sooner), "{days} days, {hours} hours");
                assert!(!sooner.is_after(later), "{days} days, {hours} hours");
                assert!(!sooner.is_after(sooner));
            }
        }
    }

    /// A clock that was paused stands before one that goes on.
    #[support::test(start_paused = true)]
    async fn a_clock_may_be_behind() {
        let now = Instant::now();
        let before = now - DAY;
        let [early, late] = [before, now].map(|now| CompactDeadline::ahead(now + DAY / 2, DAY / 2));
        let (early, late) = (early.expect("is near"), late.expect("is near"));
        assert!(late.is_after(early));
        assert_eq!(early.remaining(), Duration::ZERO);
        assert!(late.instant() - now - DAY / 2 < Duration::from_millis(1));
    }

    #[support::test(start_paused = true)]
    async fn it_comes_back_as_the_moment_it_was() {
        let start = Instant::now();
        for _ in 0..60 {
            let after = Duration::from_secs(5);
            let due = CompactDeadline::ahead(Instant::now() + after, after).expect("is near");
            let late = due.instant() - Instant::now() - after;
            assert!(late < Duration::from_millis(1), "{late:?}");
            tokio::time::advance(DAY).await;
            assert_eq!(due.remaining(), Duration::ZERO);
        }
        assert!(start.elapsed() > 50 * DAY);
        assert!(CompactDeadline::ahead(start, 23 * DAY).is_some());
        assert_eq!(CompactDeadline::ahead(start, 24 * DAY), None);
    }
}
