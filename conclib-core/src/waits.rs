//! Who waits for whom, so that no circle of them closes.
//!
//! The waits of a process are one graph, whichever systems its actors are in.
//! A wait that leaves the process is a [`Leg`](legs::Leg), and one that comes in
//! is an [`Arrived`](arrived::Arrived) with the chain of those behind it. A chain
//! says by a mark that a leg of ours is in it: so a circle through other
//! processes is found where one of its legs comes home.
//!
//! A leg is sent with the chain of those who wait for its actor. Of those who
//! come later the other side is told as they come, and it passes that on; so of
//! asks that cross each other, each side gets to know the whole circle, and all
//! come to the same mind on which of them is told.

mod arrived;
mod by_actor;
mod chain;
mod graph;
mod legs;

use std::fmt;
use std::mem::ManuallyDrop;
use std::num::NonZeroU16;
#[cfg(not(shuttle))]
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use self::chain::Member;
use self::graph::Graph;
use crate::current::{self, ActorId};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::urn::Urn;
use crate::wire::Mark;

pub(crate) use arrived::Arrival;
pub(crate) use legs::{Leaves, wait_from_now};

#[cfg(all(test, shuttle))]
mod model;
#[cfg(test)]
mod tests;

/// The actors whose turns poll an answer that has not come, and from whom they
/// want it. Only asks from inside a turn are in it.
#[derive(Default)]
pub(crate) struct Waits(Mutex<Graph>);

/// For whom an actor waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Actor(ActorId, WaitNumber),
    /// One behind a wire.
    Away(Mark),
}

/// Which of the waits of an actor for another: a turn may ask twice. It goes
/// with the request, for who answers it later.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitNumber(NonZeroU16);

impl Waits {
    /// Those of this process. References do not ask in which system an actor
    /// lives, so a circle may go through several.
    pub(crate) fn of_process() -> &'static Self {
        #[cfg(not(shuttle))]
        static WAITS: LazyLock<Waits> = LazyLock::new(Waits::default);
        // Each run of a model is a process of its own.
        #[cfg(shuttle)]
        shuttle::lazy_static! { static ref WAITS: Waits = Waits::default(); }
        &WAITS
    }

    /// Enters that `who` waits for `whom`, and returns what to leave with; unless
    /// that would close a circle: then who is in it, from `who` on.
    ///
    /// Looking and entering is one step, so of two that ask each other at the
    /// same moment exactly one is told.
    fn enter(&self, who: ActorId, whom: ActorId) -> Result<Whom, Vec<Member>> {
        let (whom, words) = self.graph().enter(who, whom)?;
        if !words.is_empty() {
            legs::tell(words);
        }
        Ok(whom)
    }

    /// `who` does not wait for that any more.
    pub(crate) fn leave(&self, who: ActorId, whom: Whom) {
        let leg = self.graph().leave(who, whom);
        // Outside of the lock: with its outlet others may go, who wait.
        drop(leg);
    }

    /// The turn of `who` is over: it waits for nobody.
    pub(crate) fn clear(&self, who: ActorId) {
        let legs = self.graph().clear(who);
        drop(legs);
    }

    /// For whom `who` waits, by their names.
    pub(crate) fn of(&self, who: ActorId) -> Vec<Urn> {
        let (near, away) = self.graph().of(who);
        let near = near.into_iter().filter_map(crate::system::resident);
        near.map(|actor| actor.urn()).chain(away).collect()
    }

    fn holds(&self, who: ActorId, whom: Whom) -> bool {
        self.graph().holds(who, whom)
    }

    fn graph(&self) -> MutexGuard<'_, Graph> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether anybody of this process waits, or is waited for from elsewhere. For
/// tests that nothing is left behind.
pub fn is_anybody_waiting() -> bool {
    !Waits::of_process().graph().is_empty()
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
    who: ActorId,
    whom: Whom,
}

impl Wait {
    /// Begins, unless it would close a circle: then who is in it.
    pub(crate) fn begin(who: ActorId, whom: ActorId) -> Result<Self, Cycle> {
        let entered = Waits::of_process().enter(who, whom);
        let whom = entered.map_err(chain::named)?;
        current::set_waited();
        Ok(Self { who, whom })
    }

    /// Begins even if that closes a circle: the actor is between two turns, and
    /// tells those that wait for it by [`cycle`](Self::cycle).
    pub(crate) fn begin_anyway(who: ActorId, whom: ActorId) -> Self {
        let (whom, words) = Waits::of_process().graph().enter_anyway(who, whom);
        legs::tell(words);
        Self { who, whom }
    }

    /// The circle that is closed because `who` waits for `whom`.
    pub(crate) fn cycle(who: ActorId, whom: ActorId) -> Option<Cycle> {
        let circle = Waits::of_process().graph().circle(who, whom)?;
        Some(chain::named(circle))
    }

    /// Stays entered: whoever has the number ends it, or the turn does.
    pub(crate) fn keep(self) -> Option<WaitNumber> {
        ManuallyDrop::new(self).number()
    }

    /// Which it is, of those for actors of this process.
    pub(crate) fn number(&self) -> Option<WaitNumber> {
        match self.whom {
            Whom::Actor(_, number) => Some(number),
            Whom::Away(_) => None,
        }
    }

    /// Whether it is that of `who`, and still entered: a turn that ends waits
    /// for nobody.
    pub(crate) fn holds(&self, who: ActorId) -> bool {
        self.who == who && Waits::of_process().holds(who, self.whom)
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
        Waits::of_process().leave(self.who, self.whom);
    }
}
