//! Who waits for whom inside one system, so that no circle of them closes.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::current::{self, ActorId};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};
use crate::system::Shared;
use crate::urn::Urn;

#[cfg(all(test, shuttle))]
mod model;

/// The actors whose turns poll an answer that has not come, and from whom they
/// want it. Only asks from inside a turn are in it.
#[derive(Default)]
pub(crate) struct Waits(Mutex<HashMap<ActorId, Vec<ActorId>>>);

impl Waits {
    /// Enters that `who` waits for `whom`, unless that would close a circle:
    /// then who is in it, from `who` on.
    ///
    /// Looking and entering is one step, so of two that ask each other at the
    /// same moment exactly one is told.
    fn enter(&self, who: ActorId, whom: ActorId) -> Result<(), Vec<ActorId>> {
        let mut edges = self.edges();
        if let Some(circle) = circle(&edges, who, whom) {
            return Err(circle);
        }
        edges.entry(who).or_default().push(whom);
        Ok(())
    }

    /// `who` does not wait for `whom` any more, in one of perhaps several
    /// asks.
    pub(crate) fn leave(&self, who: ActorId, whom: ActorId) {
        let mut edges = self.edges();
        if let Some(of) = edges.get_mut(&who) {
            if let Some(at) = of.iter().position(|other| *other == whom) {
                of.swap_remove(at);
            }
            if of.is_empty() {
                edges.remove(&who);
            }
        }
    }

    /// The turn of `who` is over: it waits for nobody.
    pub(crate) fn clear(&self, who: ActorId) {
        self.edges().remove(&who);
    }

    /// For whom `who` waits.
    pub(crate) fn of(&self, who: ActorId) -> Vec<ActorId> {
        self.edges().get(&who).cloned().unwrap_or_default()
    }

    fn edges(&self) -> MutexGuard<'_, HashMap<ActorId, Vec<ActorId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way from `whom` to `who`, if there is one, with `who` at both ends.
fn circle(
    edges: &HashMap<ActorId, Vec<ActorId>>,
    who: ActorId,
    whom: ActorId,
) -> Option<Vec<ActorId>> {
    if who == whom {
        return Some(vec![who, who]);
    }
    // Nearly always whoever is asked waits for nobody.
    edges.get(&whom)?;
    let mut came_from = HashMap::from([(whom, who)]);
    let mut next = vec![whom];
    while let Some(at) = next.pop() {
        for other in edges.get(&at).into_iter().flatten() {
            if *other == who {
                let steps = std::iter::successors(Some(at), |at| came_from.get(at).copied());
                let mut path: Vec<_> = steps.take_while(|step| *step != who).collect();
                path.push(who);
                path.reverse();
                path.push(who);
                return Some(path);
            }
            came_from.entry(*other).or_insert_with(|| {
                next.push(*other);
                at
            });
        }
    }
    None
}

/// Who would wait for whom, in a circle: the first is the last.
pub(crate) type Cycle = Box<[CycleStep]>;

/// One of the actors that would wait for each other in a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CycleStep {
    /// The path of its type.
    pub type_name: Box<str>,
    /// Its name.
    pub urn: Urn,
}

/// The type and the name: `Greeter(greeter)`.
impl fmt::Display for CycleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &*self.type_name;
        let path = path.split('<').next().unwrap_or(path);
        let name = path.rsplit("::").next().unwrap_or(path);
        write!(f, "{name}({})", self.urn)
    }
}

/// An actor waits for another, for as long as this exists.
#[doc(hidden)]
pub struct Wait {
    system: Arc<Shared>,
    who: ActorId,
    whom: ActorId,
}

impl Wait {
    /// Begins, unless it would close a circle: then who is in it.
    pub(crate) fn begin(system: &Arc<Shared>, who: ActorId, whom: ActorId) -> Result<Self, Cycle> {
        system.waits.enter(who, whom).map_err(|circle| {
            let steps = circle.into_iter().map(|id| {
                let actor = system.resident(id)?;
                Some(CycleStep {
                    type_name: actor.type_name().into(),
                    urn: actor.urn(),
                })
            });
            // One that has ended meanwhile has no name to be told.
            steps.flatten().collect::<Cycle>()
        })?;
        current::set_waited();
        Ok(Self {
            system: system.clone(),
            who,
            whom,
        })
    }

    /// Whether it is still entered: a turn that ends waits for nobody.
    pub(crate) fn holds(&self) -> bool {
        self.system.waits.of(self.who).contains(&self.whom)
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("who", &self.who)
            .field("whom", &self.whom)
            .finish_non_exhaustive()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.system.waits.leave(self.who, self.whom);
    }
}

#[cfg(test)]
mod tests {
    use super::{ActorId, Waits};

    #[test]
    fn a_circle_is_told_and_not_entered() {
        let [a, b, c, d] = [0, 1, 2, 3].map(ActorId::next);
        let waits = Waits::default();
        assert_eq!(waits.enter(a, a), Err(vec![a, a]));
        assert_eq!(waits.enter(a, b), Ok(()));
        assert_eq!(waits.enter(b, d), Ok(()));
        assert_eq!(waits.enter(b, c), Ok(()));
        assert_eq!(waits.enter(c, a), Err(vec![c, a, b, c]));
        assert_eq!(waits.of(c), []);
        waits.leave(b, c);
        assert_eq!(waits.enter(c, a), Ok(()));
        waits.clear(a);
        assert_eq!(waits.enter(b, c), Ok(()));
    }

    #[test]
    fn asking_one_twice_is_waiting_twice() {
        let [a, b] = [0, 1].map(ActorId::next);
        let waits = Waits::default();
        assert_eq!(waits.enter(a, b), Ok(()));
        assert_eq!(waits.enter(a, b), Ok(()));
        waits.leave(a, b);
        assert_eq!(waits.enter(b, a), Err(vec![b, a, b]));
        waits.leave(a, b);
        assert_eq!(waits.enter(b, a), Ok(()));
        assert_eq!(waits.of(b), [a]);
    }
}
