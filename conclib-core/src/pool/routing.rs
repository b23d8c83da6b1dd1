//! Choice of the worker for a message.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use conclib_wire::State;

use super::workers::Worker;
use crate::mailbox::Signal;
use crate::node::{Actor, ActorRef, AnyActor as _, Relations};
use crate::splitmix::mix;

/// Choice of the worker of a [`Pool`](super::Pool) for a message that has no key.
///
/// A worker that waits to be restarted is passed over while another one is up, and so is one with a
/// full mailbox while another one has room.
///
/// ```
/// use conclib::pool::Routing;
///
/// assert_eq!(Routing::default(), Routing::LeastBusy);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Routing {
    /// The worker with the fewest messages, running handlers included. Equally loaded workers take
    /// turns.
    #[default]
    LeastBusy,
    /// All workers in turn.
    RoundRobin,
}

/// State of a worker for the choice, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Up,
    /// Between two incarnations: messages wait.
    Down,
    /// The worker takes no more messages.
    Lifecycle,
    /// The worker could not be replaced.
    Lost,
}

impl Routing {
    /// Returns the index of the best worker, searched from `first` on.
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
        let load = match self {
            Self::LeastBusy => load(&worker.actor),
            Self::RoundRobin => 0,
        };
        (health(&worker.actor), load)
    }
}

fn health<A: Actor>(actor: &ActorRef<A>) -> Health {
    let is_down = match (actor.cell(), actor.as_foreign()) {
        (Some(cell), _) => cell.relations().is_some_and(Relations::is_down),
        // A worker whose process starts, or starts again.
        (_, Some(cell)) => matches!(cell.state(), State::Starting | State::Restarting),
        _ => false,
    };
    match actor.signal() {
        Signal::None if is_down => Health::Down,
        Signal::None => Health::Up,
        _ => Health::Lifecycle,
    }
}

/// Returns the number of queued messages and running handlers. For an actor in a process of its own
/// these are the messages that have no answer yet.
fn load<A: Actor>(actor: &ActorRef<A>) -> usize {
    let Some(cell) = actor.cell() else {
        return actor.as_foreign().map_or(0, |cell| cell.load());
    };
    let is_busy = cell.stats.turn.load(Ordering::Relaxed) != 0;
    let beside = cell.stats.beside.load(Ordering::Relaxed);
    cell.mailbox.depth() + usize::from(is_busy) + beside
}

/// Hashes a key: the same for the same key in every pool of this process.
pub(super) fn hash(key: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Returns the worker index of a key, by rendezvous hashing: one index more or less moves only the
/// keys of that index.
pub(super) fn place(key: u64, places: usize) -> usize {
    let weight = |place: &usize| mix(key ^ mix(*place as u64));
    (0..places).max_by_key(weight).unwrap_or(0)
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
