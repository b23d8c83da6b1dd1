//! Which worker gets a message.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use super::crew::Worker;
use crate::actor::{Actor, Cell, Signal};

/// Which worker of a [`Pool`](super::Pool) gets a message that has no key.
///
/// A worker that waits to be restarted is passed over while another one is up,
/// and so is one with a full mailbox while another one has room.
///
/// ```
/// use conclib_core::Routing;
/// assert_eq!(Routing::default(), Routing::LeastBusy);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Routing {
    /// The one with the fewest messages, those whose handlers run included.
    /// Among equals, one after the other.
    #[default]
    LeastBusy,
    /// One after the other.
    RoundRobin,
}

/// How well a worker serves, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Up,
    /// Between two incarnations: what it is sent waits.
    Down,
    /// It takes no more messages.
    Ending,
    /// Nobody could be had in its place.
    Lost,
}

impl Routing {
    /// The place of the best worker, looking from `first` on.
    pub(super) fn choose<A: Actor>(self, workers: &[Worker<A>], first: usize) -> usize {
        let mut best = None;
        for step in 0..workers.len() {
            let at = (first + step) % workers.len();
            let rank = self.rank(&workers[at]);
            if rank == (Health::Up, 0) {
                return at;
            }
            if best.is_none_or(|(least, _)| rank < least) {
                best = Some((rank, at));
            }
        }
        best.map_or(0, |(_, at)| at)
    }

    fn rank<A: Actor>(self, worker: &Worker<A>) -> (Health, usize) {
        if worker.is_lost {
            return (Health::Lost, 0);
        }
        // Of one in another process nothing is known here.
        let Some(cell) = worker.actor.cell() else {
            return (Health::Up, 0);
        };
        let health = if cell.mailbox.signal() != Signal::None {
            Health::Ending
        } else if cell.kin().is_some_and(crate::actor::Kin::is_down) {
            Health::Down
        } else {
            Health::Up
        };
        let load = match self {
            Self::LeastBusy => load(cell),
            Self::RoundRobin => 0,
        };
        (health, load)
    }
}

/// What waits, and what runs.
fn load<A: Actor>(cell: &Cell<A>) -> usize {
    let is_busy = cell.stats.turn.load(Ordering::Relaxed) != 0;
    let beside = cell.stats.beside.load(Ordering::Relaxed);
    cell.mailbox.depth() + usize::from(is_busy) + beside
}

/// The same for the same key, in every pool of this process.
pub(super) fn hash(key: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The place of a key: where it weighs most. One place more or less moves no
/// keys but its own.
pub(super) fn place(key: u64, places: usize) -> usize {
    let weight = |place: &usize| mix(key ^ mix(*place as u64));
    (0..places).max_by_key(weight).unwrap_or(0)
}

/// Each bit depends on all of them (the finalizer of splitmix64).
const fn mix(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{hash, place};

    #[test]
    fn a_resize_moves_few_keys_and_all_places_are_used() {
        let keys = || (0..10_000_u32).map(|key| hash(&key));
        for places in 1..12 {
            let mut used = vec![0_usize; places];
            let mut moved = 0_usize;
            for key in keys() {
                let (now, then) = (place(key, places), place(key, places + 1));
                used[now] += 1;
                if now != then {
                    moved += 1;
                    assert_eq!(then, places, "a key moves to the new place or stays");
                }
            }
            let fair = 10_000 / places;
            assert!(used.iter().all(|n| n.abs_diff(fair) < fair / 5), "{used:?}");
            let fair = 10_000 / (places + 1);
            assert!(moved.abs_diff(fair) < fair / 5, "{moved} of {fair}");
        }
    }
}
