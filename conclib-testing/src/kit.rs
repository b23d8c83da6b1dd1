//! State of a system under test: idle actors, injected faults, order of turns. A system has it from
//! the first use of the test kit on, and then all its actors pass the gate before each turn.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclib_core::__private::{Deciding, TurnDecision, TurnHook};
use conclib_core::ActorId;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::turns::Turns;

#[derive(Default)]
pub(super) struct Kit {
    /// Order of turns, if that is drawn from a seed.
    turns: Option<Turns>,
    known: Mutex<Known>,
    /// Notified when an actor becomes idle or ends.
    changed: Notify,
}

#[derive(Default)]
struct Known {
    /// Actors that had nothing to do at their last check.
    parked: HashSet<ActorId>,
    faults: HashMap<ActorId, VecDeque<Plan>>,
    /// Counter of all changes.
    moves: u64,
}

/// Fault of a message, in place of its turn or before it.
#[derive(Debug, Clone)]
pub(super) enum Planned {
    Fail(String),
    Delay(Duration),
    Lose,
}

/// Fault that waits for its messages.
pub(super) struct Plan {
    /// Name of the message; any message, if `None`.
    pub(super) message: Option<String>,
    pub(super) times: usize,
    pub(super) what: Planned,
}

impl Kit {
    pub(super) fn seeded(turns: Turns) -> Self {
        Self {
            turns: Some(turns),
            ..Self::default()
        }
    }

    pub(super) fn turns(&self) -> Option<&Turns> {
        self.turns.as_ref()
    }

    pub(super) fn is_parked(&self, actor: ActorId) -> bool {
        self.known().parked.contains(&actor)
    }

    pub(super) fn changed(&self) -> &Notify {
        &self.changed
    }

    /// Counts a change.
    pub(super) fn moved(&self) {
        self.known().moves += 1;
    }

    pub(super) fn moves(&self) -> u64 {
        self.known().moves
    }

    pub(super) fn plan(&self, actor: ActorId, plan: Plan) {
        let mut known = self.known();
        known.faults.entry(actor).or_default().push_back(plan);
    }

    /// Returns the fault for this message, by the oldest plan that matches it.
    fn fault(&self, actor: ActorId, message: &str) -> Option<Planned> {
        let mut known = self.known();
        let plans = known.faults.get_mut(&actor)?;
        let means_it = |plan: &Plan| plan.message.as_ref().is_none_or(|name| name == message);
        let at = plans.iter().position(means_it)?;
        let plan = plans.get_mut(at)?;
        plan.times -= 1;
        match plan.times {
            0 => plans.remove(at).map(|plan| plan.what),
            _ => Some(plan.what.clone()),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TurnHook for Kit {
    fn before_turn(self: Arc<Self>, actor: ActorId, message: &'static str) -> Deciding {
        Box::pin(async move {
            if let Some(turns) = self.turns() {
                turns.wait(&self, actor).await;
            }
            match self.fault(actor, message) {
                None => TurnDecision::Go,
                Some(Planned::Delay(by)) => {
                    sleep(by).await;
                    TurnDecision::Go
                }
                Some(Planned::Fail(text)) => TurnDecision::Fail(text),
                Some(Planned::Lose) => TurnDecision::Lose,
            }
        })
    }

    fn looked(&self, actor: ActorId, parks: bool) {
        let mut known = self.known();
        let is_news = match parks {
            true => known.parked.insert(actor),
            false => known.parked.remove(&actor),
        };
        if !is_news {
            return;
        }
        known.moves += 1;
        drop(known);
        if parks {
            self.changed.notify_waiters();
        }
    }

    fn ended(&self, actor: ActorId) {
        let mut known = self.known();
        known.parked.remove(&actor);
        known.faults.remove(&actor);
        known.moves += 1;
        drop(known);
        self.changed.notify_waiters();
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit").finish_non_exhaustive()
    }
}
