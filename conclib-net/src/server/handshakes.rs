//! Handshakes under way, and the choice of one to end when there are too many.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;

use super::listener::Source;

/// Set of handshakes. One above `limit` ends another.
///
/// The victim is one of those that have sent nothing valid yet, if they are at
/// least half of all, else one of the others: so a flood of one kind takes no
/// slot from the other. It is picked at random from the source with the most of
/// this kind: a flood from one source ends no handshake of another, and an
/// attacker at the same source cannot predict the victim.
pub(super) struct Handshakes {
    limit: usize,
    open: Vec<Handshake>,
}

struct Handshake {
    source: Source,
    spoke: Arc<AtomicBool>,
    /// Ends the handshake when dropped.
    evict: oneshot::Sender<()>,
}

/// Handles for the task of a handshake.
pub(super) struct Candidate {
    /// Set when the peer has sent a valid hello.
    pub(super) spoke: Arc<AtomicBool>,
    /// Resolves when the handshake is to end.
    pub(super) evicted: oneshot::Receiver<()>,
}

impl Handshakes {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            open: Vec::new(),
        }
    }

    /// Adds a handshake from this source.
    pub(super) fn begin(&mut self, source: Source) -> Candidate {
        if self.open.len() >= self.limit {
            self.open.retain(|handshake| !handshake.evict.is_closed());
        }
        if self.open.len() >= self.limit
            && let Some(victim) = self.victim()
        {
            self.open.swap_remove(victim);
        }
        let (evict, evicted) = oneshot::channel();
        let spoke = Arc::new(AtomicBool::new(false));
        self.open.push(Handshake {
            source,
            spoke: spoke.clone(),
            evict,
        });
        Candidate { spoke, evicted }
    }

    fn victim(&self) -> Option<usize> {
        let spoke: Vec<_> = (self.open.iter())
            .map(|handshake| handshake.spoke.load(Ordering::Relaxed))
            .collect();
        let silent = spoke.iter().filter(|spoke| !**spoke).count();
        let loses = 2 * silent < self.open.len();
        let candidates = || {
            let all = self.open.iter().zip(&spoke).enumerate();
            all.filter(move |(_, (_, spoke))| **spoke == loses)
                .map(|(at, (handshake, _))| (at, handshake.source))
        };
        let mut counts = HashMap::new();
        for (_, source) in candidates() {
            *counts.entry(source).or_insert(0_usize) += 1;
        }
        let (most, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        // Without random bytes the first one is picked.
        let pick = getrandom::u32().unwrap_or(0) as usize % count;
        let from_there = candidates().filter(|(_, source)| *source == most);
        from_there.map(|(at, _)| at).nth(pick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Source = Source::User(1);
    const THERE: Source = Source::User(2);

    fn speaks(candidate: Candidate) -> Candidate {
        candidate.spoke.store(true, Ordering::Relaxed);
        candidate
    }

    fn survivors(candidates: Vec<Candidate>) -> usize {
        let went_on = |mut candidate: Candidate| {
            candidate.evicted.try_recv() == Err(oneshot::error::TryRecvError::Empty)
        };
        candidates.into_iter().map(went_on).filter(|on| *on).count()
    }

    #[test]
    fn a_flood_that_says_nothing_ends_none_that_has_spoken() {
        let mut handshakes = Handshakes::new(16);
        let good: Vec<_> = (0..8).map(|_| speaks(handshakes.begin(HERE))).collect();
        let flood: Vec<_> = (0..1000).map(|_| handshakes.begin(HERE)).collect();
        assert_eq!(survivors(good), 8);
        assert_eq!(survivors(flood), 8);
    }

    #[test]
    fn a_flood_of_hellos_ends_none_that_is_about_to_speak() {
        let mut handshakes = Handshakes::new(16);
        let good: Vec<_> = (0..7).map(|_| handshakes.begin(HERE)).collect();
        let flood: Vec<_> = (0..1000).map(|_| speaks(handshakes.begin(HERE))).collect();
        assert_eq!(survivors(good), 7);
        assert_eq!(survivors(flood), 9);
    }

    #[test]
    fn a_flood_from_elsewhere_ends_no_handshake_of_a_source_that_has_fewer() {
        let mut handshakes = Handshakes::new(16);
        let mut good = vec![handshakes.begin(HERE), speaks(handshakes.begin(HERE))];
        for n in 0..1000 {
            let one = handshakes.begin(THERE);
            // The flood mixes both kinds.
            if n % 2 == 0 {
                one.spoke.store(true, Ordering::Relaxed);
            }
            std::mem::forget(one);
        }
        good.push(handshakes.begin(HERE));
        assert_eq!(survivors(good), 3);
    }

    #[test]
    fn of_one_source_it_is_not_always_the_oldest() {
        let mut handshakes = Handshakes::new(256);
        let good: Vec<_> = (0..128).map(|_| speaks(handshakes.begin(HERE))).collect();
        let flood: Vec<_> = (0..256).map(|_| speaks(handshakes.begin(HERE))).collect();
        let good = survivors(good);
        assert!((1..128).contains(&good), "{good} of 128");
        assert_eq!(survivors(flood), 256 - good);
    }

    #[test]
    fn what_has_ended_by_itself_makes_room() {
        let mut handshakes = Handshakes::new(2);
        let first = handshakes.begin(HERE);
        drop(handshakes.begin(HERE));
        let third = handshakes.begin(HERE);
        assert_eq!(survivors(vec![first, third]), 2);
    }
}
