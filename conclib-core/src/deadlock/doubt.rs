//! Confirms that the waits in a cycle are real before an ask fails with it.
//!
//! An answer that was polled once is not always awaited: a `select!` may have gone on without it,
//! keeping the reply future for later, and nothing signals that. So the wait that would close a
//! cycle is entered in doubt, and the tasks that poll the other answers in the cycle are woken. An
//! answer that is polled again is awaited. An answer that is not polled, although its actor was,
//! becomes asleep: its edge does not count until the answer is polled again.

use std::collections::HashSet;
use std::mem::replace;
use std::task::Waker;

use super::by_actor::take;
use super::chain::CycleMember;
use super::graph::{Edge, Graph, Left};
use super::outbound::{Announcement, tell};
use super::waits::{WaitNumber, Whom};
use crate::actor_id::ActorId;

/// State of an edge: the certainty that its answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeState {
    /// The answer was polled, and has not been questioned since.
    Awake,
    /// The waker was woken, to find out if the answer is polled.
    Woken,
    /// The waker was woken again: a poll of the actor has ended since the first wake, but that poll
    /// may have begun before the wake.
    WokenAgain,
    /// The answer was not polled, or not yet: it is not awaited.
    Asleep,
}

/// Wait that closes a cycle if the answers of all other waits in the cycle are polled again.
pub(crate) struct Doubt {
    pub(crate) who: ActorId,
    pub(crate) whom: ActorId,
    pub(crate) ask: WaitNumber,
    /// The request is being forwarded: the forwarding actor settles the doubt.
    pub(crate) is_passed: bool,
    /// Count at which the doubt was entered: an answer polled later is awaited.
    pub(crate) since: u64,
    /// Waker that has the doubt settled again, after the graph has changed.
    pub(crate) waker: Waker,
}

/// Result of settling a doubt, or of polling a wait again.
#[derive(Default)]
pub(crate) struct Settled {
    /// A wait of that ask may still close a cycle.
    pub(crate) is_open: bool,
    pub(crate) words: Vec<Announcement>,
    pub(crate) left: Left,
}

impl Settled {
    /// Sends the messages and wakes the wakers, outside of the lock. Returns true if no wait of
    /// that ask may still close a cycle.
    pub(crate) fn go(self) -> bool {
        if !self.words.is_empty() {
            tell(self.words);
        }
        self.left.go();
        !self.is_open
    }
}

impl Graph {
    /// Wakes the waits on a path that were neither polled since `since` nor woken already.
    pub(crate) fn question(&mut self, path: &[ActorId], since: u64, wakers: &mut Vec<Waker>) {
        for (who, whom) in path.iter().zip(path.iter().skip(1)) {
            let of = self.edges.get_mut(who).into_iter();
            let edges = of.flat_map(|of| of.iter_mut());
            for edge in edges.filter(|edge| edge.whom == Whom::Actor(*whom)) {
                if edge.state == EdgeState::Awake
                    && edge.polled <= since
                    && let Some(waker) = &edge.waker
                {
                    edge.state = EdgeState::Woken;
                    wakers.push(waker.clone());
                }
            }
        }
    }

    /// Puts each ask in doubt that is in a cycle closed by the wait of `who` for `whom`, and wakes
    /// it: the first that turns out to be awaited fails with the cycle.
    pub(crate) fn doubt_circles(
        &mut self,
        who: ActorId,
        whom: ActorId,
        since: u64,
        wakers: &mut Vec<Waker>,
    ) {
        let mut doubts = Vec::new();
        let mut seen = HashSet::from([whom]);
        let mut next = vec![whom];
        while let Some(at) = next.pop() {
            for edge in self.from(at) {
                let Whom::Actor(other) = edge.whom else {
                    continue;
                };
                if seen.insert(other) {
                    next.push(other);
                }
                if let Some(waker) = &edge.waker
                    && self.path(other, who, |_| true).is_some()
                {
                    doubts.push((at, other, edge.ask, waker.clone()));
                }
            }
        }
        for (who, whom, ask, waker) in doubts {
            self.question(&[who, whom], since, wakers);
            self.doubts.push(Doubt {
                who,
                whom,
                ask,
                is_passed: false,
                since,
                waker,
            });
        }
    }

    /// Wakes all doubts, after a change of the graph that may settle them.
    pub(crate) fn reconsider(&self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.doubts.iter().map(|doubt| doubt.waker.clone()));
    }

    /// Notes that the answer to that ask of `who` was polled and is still pending.
    pub(crate) fn polled(
        &mut self,
        who: ActorId,
        ask: WaitNumber,
        waker: &Waker,
    ) -> Result<Settled, Vec<CycleMember>> {
        let now = self.new_number();
        let mut settled = Settled::default();
        let mut awoken = Vec::new();
        let mut was_questioned = false;
        let of = self.edges.get_mut(&who).into_iter();
        let edges = of.flat_map(|of| of.iter_mut());
        for edge in edges.filter(|edge| edge.ask == ask) {
            edge.polled = now;
            match &mut edge.waker {
                Some(old) if !old.will_wake(waker) => {
                    let old = replace(old, waker.clone());
                    settled.left.drops(Some(old));
                }
                none @ None if edge.state == EdgeState::Asleep => *none = Some(waker.clone()),
                _ => {}
            }
            match (replace(&mut edge.state, EdgeState::Awake), edge.whom) {
                (EdgeState::Asleep, Whom::Actor(whom)) => awoken.push(whom),
                (state, _) => was_questioned |= state != EdgeState::Awake,
            }
        }
        for whom in awoken {
            self.behind.entry(whom).or_default().push(who);
            was_questioned = true;
            match self.path(whom, who, |_| true) {
                None => settled.words.extend(self.reaches(who, whom)?),
                Some(_) => {
                    self.doubts.push(Doubt {
                        who,
                        whom,
                        ask,
                        is_passed: false,
                        since: now,
                        waker: waker.clone(),
                    });
                }
            }
        }
        if was_questioned {
            self.reconsider(settled.left.wakes());
        }
        let mine = |doubt: &&Doubt| doubt.who == who && doubt.ask == ask && !doubt.is_passed;
        let mine: Vec<_> = self.doubts.iter().filter(mine).collect();
        let mine: Vec<_> = mine.into_iter().map(|doubt| doubt.whom).collect();
        for whom in mine {
            self.settle(who, ask, whom, waker, &mut settled)?;
        }
        Ok(settled)
    }

    /// Decides if the wait of `who` by that ask closes a cycle, if that was in doubt. The error is
    /// the cycle.
    pub(crate) fn settle(
        &mut self,
        who: ActorId,
        ask: WaitNumber,
        whom: ActorId,
        waker: &Waker,
        settled: &mut Settled,
    ) -> Result<(), Vec<CycleMember>> {
        let is_it = |doubt: &Doubt| (doubt.who, doubt.ask, doubt.whom) == (who, ask, whom);
        let Some(at) = self.doubts.iter().position(is_it) else {
            return Ok(());
        };
        let since = self.doubts[at].since;
        let is_sure = |edge: &Edge| edge.waker.is_none() || edge.polled > since;
        if let Some(path) = self.path(whom, who, is_sure) {
            let circle = [who].into_iter().chain(path);
            return Err(circle.map(CycleMember::Here).collect());
        }
        match self.path(whom, who, |_| true) {
            None => {
                let doubt = self.doubts.swap_remove(at);
                settled.left.drops(Some(doubt.waker));
                settled.words.extend(self.reaches(who, whom)?);
            }
            Some(path) => {
                let old = replace(&mut self.doubts[at].waker, waker.clone());
                settled.left.drops(Some(old));
                settled.is_open = true;
                self.question(&path, since, settled.left.wakes());
            }
        }
        Ok(())
    }

    /// Notes that the future of that ask is kept, and not polled any more: its edges become asleep.
    pub(crate) fn rest(&mut self, who: ActorId, ask: WaitNumber) {
        let mut whom = Vec::new();
        let of = self.edges.get_mut(&who).into_iter();
        for edge in of.flat_map(|of| of.iter_mut()) {
            if edge.ask == ask
                && let Whom::Actor(id) = edge.whom
                && replace(&mut edge.state, EdgeState::Asleep) != EdgeState::Asleep
            {
                whom.push(id);
            }
        }
        for whom in whom {
            take(&mut self.behind, whom, |other| *other == who);
        }
    }

    /// Notes that a poll of the actor's turn has ended. Returns the wakers to wake.
    pub(crate) fn poll_ended(&mut self, who: ActorId) -> Vec<Waker> {
        let mut wakers = Vec::new();
        let mut asleep = Vec::new();
        let of = self.edges.get_mut(&who).into_iter();
        for edge in of.flat_map(|of| of.iter_mut()) {
            match (edge.state, edge.whom) {
                (EdgeState::Woken, _) => {
                    edge.state = EdgeState::WokenAgain;
                    wakers.extend(edge.waker.clone());
                }
                (EdgeState::WokenAgain, Whom::Actor(whom)) => {
                    edge.state = EdgeState::Asleep;
                    asleep.push(whom);
                }
                _ => {}
            }
        }
        for whom in &asleep {
            take(&mut self.behind, *whom, |other| *other == who);
        }
        if !asleep.is_empty() {
            self.reconsider(&mut wakers);
        }
        wakers
    }
}
