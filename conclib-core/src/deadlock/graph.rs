//! Wait-for graph: its tables, entering and leaving, and the search for a cycle.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::mem::replace;
use std::num::{NonZeroU16, NonZeroU64};
use std::task::Waker;

use conclib_wire::{EdgeToken, Urn};

use super::by_actor::{ByActor, Few, take};
use super::chain::CycleMember;
use super::doubt::{Doubt, EdgeState};
use super::inbound::InboundEdge;
use super::outbound::{Announcement, OutboundEdge};
use super::waits::{WaitNumber, Whom};
use crate::actor_id::ActorId;

/// Edge of the graph: wait of an actor for another, by one of its asks.
pub(crate) struct Edge {
    pub(crate) whom: Whom,
    pub(crate) ask: WaitNumber,
    /// Waker that has the answer polled again, if a turn still awaits it. An edge without a waker
    /// counts for as long as it is entered.
    pub(crate) waker: Option<Waker>,
    /// Value of the graph's counter when the answer was last polled.
    pub(crate) polled: u64,
    pub(crate) state: EdgeState,
}

impl Edge {
    pub(crate) fn is_awake(&self) -> bool {
        self.state != EdgeState::Asleep
    }

    /// Returns an edge whose answer is not polled.
    pub(crate) fn asleep(whom: ActorId, ask: WaitNumber) -> Self {
        Self {
            whom: Whom::Actor(whom),
            ask,
            waker: None,
            polled: 0,
            state: EdgeState::Asleep,
        }
    }
}

/// Parts of removed edges. Dropped outside of the lock, because the drop of an outlet or of a waker
/// may run code that enters a wait.
#[derive(Default)]
pub(crate) struct Left {
    /// First waker to drop; nearly always the only part.
    waker: Option<Waker>,
    rest: Option<Box<Rest>>,
}

#[derive(Default)]
struct Rest {
    /// Wakers to drop without waking.
    old: Vec<Waker>,
    legs: Vec<OutboundEdge>,
    wakers: Vec<Waker>,
}

impl Left {
    pub(crate) fn drops(&mut self, waker: Option<Waker>) {
        if let Some(before) = replace(&mut self.waker, waker) {
            self.rest().old.push(before);
        }
    }

    /// Returns the wakers to wake, of the waits that the end of an edge may settle.
    pub(crate) fn wakes(&mut self) -> &mut Vec<Waker> {
        &mut self.rest().wakers
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    #[inline]
    pub(crate) fn go(self) {
        drop(self.waker);
        if let Some(rest) = self.rest {
            drop((rest.old, rest.legs));
            rest.wakers.into_iter().for_each(Waker::wake);
        }
    }
}

/// A wait that was entered.
pub(crate) struct Entered {
    pub(crate) ask: WaitNumber,
    /// True if the wait closes no cycle; false if that is in doubt.
    pub(crate) is_sure: bool,
    pub(crate) words: Vec<Announcement>,
    pub(crate) wakers: Vec<Waker>,
}

/// Options of entering a wait.
#[derive(Clone, Copy)]
pub(crate) struct WaitOptions<'a> {
    /// Ask whose request is forwarded, if the wait is for a forwarded request.
    pub(crate) passed: Option<WaitNumber>,
    /// Waker that has the answer polled again.
    pub(crate) waker: Option<&'a Waker>,
    /// Waker that has the wait settled later, if it may be entered in doubt.
    pub(crate) settles: Option<&'a Waker>,
}

#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) edges: ByActor<Few<Edge>>,
    /// Reverse table of `edges`: the actors that wait for an actor of this process.
    pub(crate) behind: ByActor<Few<ActorId>>,
    pub(crate) legs: HashMap<EdgeToken, OutboundEdge>,
    pub(crate) arrived: BTreeMap<u64, InboundEdge>,
    /// Inbound waits by the actor they wait for; oldest first, since the current turn most likely
    /// serves the oldest request.
    pub(crate) arrived_at: ByActor<BTreeSet<u64>>,
    /// Inbound waits whose chains contain a leg of this process.
    pub(crate) homes: HashMap<EdgeToken, BTreeSet<u64>>,
    /// Waits that close a cycle if all others in it are still polled.
    pub(crate) doubts: Vec<Doubt>,
    /// Counter of waits, legs, polls and inbound waits.
    count: u64,
    /// Random key, which makes marks unpredictable to peers.
    key: RandomState,
}

impl Graph {
    pub(crate) fn enter(
        &mut self,
        who: ActorId,
        whom: ActorId,
        manner: WaitOptions<'_>,
    ) -> Result<Entered, Vec<CycleMember>> {
        let mut wakers = Vec::new();
        let mut words = Vec::new();
        let mut doubt = None;
        if let Some(path) = self.path(whom, who, |_| true) {
            doubt = manner.settles;
            let is_sure = self.path(whom, who, |edge| edge.waker.is_none()).is_some();
            if is_sure || doubt.is_none() {
                let circle = [who].into_iter().chain(path);
                return Err(circle.map(CycleMember::Here).collect());
            }
            self.question(&path, u64::MAX, &mut wakers);
        } else {
            words = self.reaches(who, whom)?;
        }
        let ask = manner.passed.unwrap_or_else(|| self.new_ask());
        let polled = self.new_number();
        self.wait(
            who,
            Edge {
                whom: Whom::Actor(whom),
                ask,
                waker: manner.waker.cloned(),
                polled,
                state: EdgeState::Awake,
            },
        );
        if let Some(waker) = doubt {
            self.doubts.push(Doubt {
                who,
                whom,
                ask,
                is_passed: manner.passed.is_some(),
                since: polled,
                waker: waker.clone(),
            });
        }
        Ok(Entered {
            ask,
            is_sure: doubt.is_none(),
            words,
            wakers,
        })
    }

    /// Enters a wait even if it closes a cycle. The asks in a cycle with it are put in doubt.
    pub(crate) fn enter_anyway(&mut self, who: ActorId, whom: ActorId) -> Entered {
        // A cycle through other processes is found by these, once they get the messages.
        let words = self.reaches(who, whom).unwrap_or_default();
        let ask = self.new_ask();
        let polled = self.new_number();
        let edge = Edge {
            whom: Whom::Actor(whom),
            ask,
            waker: None,
            polled,
            state: EdgeState::Awake,
        };
        self.wait(who, edge);
        let mut wakers = Vec::new();
        self.doubt_circles(who, whom, polled, &mut wakers);
        Entered {
            ask,
            is_sure: true,
            words,
            wakers,
        }
    }

    /// Enters an asleep edge: `who` will wait for `whom` once it polls for the answer.
    pub(crate) fn expect(&mut self, who: ActorId, whom: ActorId) -> WaitNumber {
        let ask = self.new_ask();
        self.wait(who, Edge::asleep(whom, ask));
        ask
    }

    /// Returns the messages to send to other processes about a wait that closes no cycle in this
    /// process. The error is the cycle that the wait closes through other processes.
    pub(crate) fn reaches(
        &mut self,
        who: ActorId,
        whom: ActorId,
    ) -> Result<Vec<Announcement>, Vec<CycleMember>> {
        // Fast path: the actor that is asked nearly always waits for no actor in another process.
        let legs = self.legs_from(whom);
        if legs.is_empty() {
            return Ok(Vec::new());
        }
        match self.closed_from(who, whom, &legs) {
            Some(circle) => Err(circle),
            None => Ok(self.words(&legs, None)),
        }
    }

    /// Makes the number of an ask. Few asks are entered at a time, so the lower 16 bits tell them
    /// apart; a number so small fits beside a reply slot.
    pub(crate) fn new_ask(&mut self) -> WaitNumber {
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits are wanted")]
        let number = NonZeroU16::new(self.new_number() as u16).unwrap_or(NonZeroU16::MAX);
        WaitNumber(number)
    }

    pub(crate) fn wait(&mut self, who: ActorId, edge: Edge) {
        if let Whom::Actor(id) = edge.whom
            && edge.is_awake()
        {
            self.behind.entry(id).or_default().push(who);
        }
        self.edges.entry(who).or_default().push(edge);
    }

    /// Removes all edges of that ask of `who`.
    pub(crate) fn leave(&mut self, who: ActorId, ask: WaitNumber) -> Left {
        let mut left = Left::default();
        while let Some(edge) = take(&mut self.edges, who, |edge| edge.ask == ask) {
            self.unwait(who, edge, &mut left);
            if self.edges.is_empty() {
                break;
            }
        }
        if !self.doubts.is_empty() {
            self.reconsider(left.wakes());
            self.doubts
                .retain(|doubt| (doubt.who, doubt.ask) != (who, ask));
        }
        left
    }

    /// Like [`leave`](Self::leave), for one edge of the ask.
    pub(crate) fn leave_one(&mut self, who: ActorId, ask: WaitNumber, whom: Whom) -> Left {
        let mut left = Left::default();
        let is_it = |edge: &Edge| edge.ask == ask && edge.whom == whom;
        if let Some(edge) = take(&mut self.edges, who, is_it) {
            self.unwait(who, edge, &mut left);
        }
        if !self.doubts.is_empty() {
            self.reconsider(left.wakes());
            self.doubts
                .retain(|it| (it.who, it.ask, Whom::Actor(it.whom)) != (who, ask, whom));
        }
        left
    }

    pub(crate) fn clear(&mut self, who: ActorId) -> Left {
        let mut left = Left::default();
        while let Some(edge) = take(&mut self.edges, who, |_| true) {
            self.unwait(who, edge, &mut left);
        }
        if !self.doubts.is_empty() {
            self.reconsider(left.wakes());
            self.doubts.retain(|doubt| doubt.who != who);
        }
        left
    }

    /// Removes the entries of an edge from the other tables.
    fn unwait(&mut self, who: ActorId, edge: Edge, left: &mut Left) {
        match edge.whom {
            Whom::Actor(id) if edge.is_awake() => {
                take(&mut self.behind, id, |other| *other == who);
            }
            Whom::Actor(_) => {}
            Whom::Away(mark) => {
                self.homes.remove(&mark);
                if let Some(leg) = self.legs.remove(&mark) {
                    left.rest().legs.push(leg);
                }
            }
        }
        left.drops(edge.waker);
    }

    pub(crate) fn of(&self, who: ActorId) -> (Vec<ActorId>, Vec<Urn>) {
        let mut near = Vec::new();
        let mut away = Vec::new();
        for edge in self.from(who) {
            match edge.whom {
                Whom::Actor(id) => near.push(id),
                Whom::Away(mark) => away.extend(self.legs.get(&mark).map(|leg| leg.to.clone())),
            }
        }
        (near, away)
    }

    /// Returns true if an edge of that ask of `who` is entered, awake or asleep.
    pub(crate) fn has(&self, who: ActorId, ask: WaitNumber) -> bool {
        let mut edges = self.edges.get(&who).into_iter().flat_map(Few::iter);
        edges.any(|edge| edge.ask == ask)
    }

    /// Returns the awake edges of an actor.
    pub(crate) fn from(&self, who: ActorId) -> impl Iterator<Item = &Edge> {
        let edges = self.edges.get(&who).into_iter().flat_map(Few::iter);
        edges.filter(|edge| edge.is_awake())
    }

    /// Returns the actors of this process that wait for `whom`.
    pub(crate) fn who(&self, whom: ActorId) -> impl Iterator<Item = ActorId> {
        self.behind
            .get(&whom)
            .into_iter()
            .flat_map(Few::iter)
            .copied()
    }

    /// Finds a path of waits from `from` to `to`, with both ends; `[from]` if both are the same.
    /// Follows only the edges for which `counts` returns true.
    pub(crate) fn path(
        &self,
        from: ActorId,
        to: ActorId,
        counts: impl Fn(&Edge) -> bool,
    ) -> Option<Vec<ActorId>> {
        if from == to {
            return Some(vec![from]);
        }
        // Fast path: the actor that is asked nearly always waits for no actor of this process.
        self.from(from)
            .find(|edge| matches!(edge.whom, Whom::Actor(_)))?;
        let mut came_from = HashMap::from([(from, from)]);
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            for edge in self.from(at).filter(|edge| counts(edge)) {
                let Whom::Actor(other) = edge.whom else {
                    continue;
                };
                if other == to {
                    let before = |at: &ActorId| came_from.get(at).copied();
                    let mut path = vec![to];
                    let mut step = at;
                    while step != from {
                        path.push(step);
                        step = before(&step)?;
                    }
                    path.push(from);
                    path.reverse();
                    return Some(path);
                }
                came_from.entry(other).or_insert_with(|| {
                    next.push(other);
                    at
                });
            }
        }
        None
    }

    /// Returns the legs of `from` and of the actors it waits for.
    pub(crate) fn legs_from(&self, from: ActorId) -> Vec<EdgeToken> {
        let mut legs = Vec::new();
        if self.legs.is_empty() || !self.edges.contains_key(&from) {
            return legs;
        }
        let mut seen = HashSet::from([from]);
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            for edge in self.from(at) {
                match edge.whom {
                    Whom::Away(mark) => legs.push(mark),
                    Whom::Actor(other) if seen.insert(other) => next.push(other),
                    Whom::Actor(_) => {}
                }
            }
        }
        legs
    }

    /// Makes a mark that no other leg has.
    pub(crate) fn new_mark(&mut self) -> EdgeToken {
        let count = self.new_number();
        EdgeToken(NonZeroU64::new(self.key.hash_one(count)).unwrap_or(NonZeroU64::MAX))
    }

    pub(crate) fn new_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        let is_unknown = self.edges.is_empty() && self.behind.is_empty() && self.doubts.is_empty();
        let is_away = self.legs.is_empty() && self.homes.is_empty();
        is_unknown && is_away && self.arrived.is_empty() && self.arrived_at.is_empty()
    }
}
