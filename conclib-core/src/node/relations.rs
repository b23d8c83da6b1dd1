//! Relations of an actor to its parent, its children and its watchers. Only an
//! actor that has any of them, or can be restarted, has a [`Kin`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_wire::StopReason;

use super::any_actor::Resident;
use crate::actor_id::ActorId;
use crate::mailbox::{By, Signal};
use crate::supervision::{ChildExit, Directive, Gone};
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Notice for a parent or a watcher, kept apart from its mailbox so that messages
/// cannot hold the notice up.
pub(crate) enum Notice {
    Child(Box<Exit>),
    /// End of an actor that is watched. The id is `None` for an actor in
    /// another process: such a notice is always delivered.
    Gone(Option<ActorId>, Box<Gone>),
}

/// Child that has ended, or that waits for the decision on its restart.
pub(crate) struct Exit {
    pub(crate) id: ActorId,
    pub(crate) told: ChildExit,
    /// True if the child waits for a [`Verdict`].
    pub(crate) waits: bool,
    /// Pause before a restart of the child; `None` if there can be no restart.
    pub(crate) delay: Option<Duration>,
}

/// Decision on the restart of a child that waits for it.
pub(crate) enum Verdict {
    /// The child stays ended.
    End,
    /// The child starts again after the delay, together with the siblings that
    /// the strategy names.
    Restart { delay: Duration },
    /// The child starts again once the actor `behind` has started, and after
    /// the delay.
    Start {
        delay: Duration,
        behind: Option<Arc<dyn Resident>>,
    },
}

/// Child of an actor, with the options of its supervision.
#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) resident: Arc<dyn Resident>,
    /// Time in which the child has to end by itself before it is killed.
    pub(crate) stop_within: Duration,
    /// True if the end of the child is also the end of its parent.
    pub(crate) significant: bool,
}

#[derive(Default)]
pub(crate) struct Kin {
    /// Parent of the actor, which is told of its ends.
    pub(crate) parent: Option<Weak<dyn Resident>>,
    /// True if the actor can be restarted.
    pub(crate) renews: bool,
    /// Number of restarts.
    pub(crate) restarts: AtomicU32,
    /// True between two incarnations, until the next one has got through its
    /// start.
    down: AtomicBool,
    ties: Mutex<Ties>,
}

#[derive(Default)]
struct Ties {
    /// Children of this incarnation, oldest first.
    children: BTreeMap<ActorId, Child>,
    /// Children of the next incarnation, spawned while this one was ending or
    /// after its end.
    heirs: BTreeMap<ActorId, Child>,
    takes: Takes,
    notices: VecDeque<Notice>,
    watchers: Vec<(ActorId, Weak<dyn Resident>)>,
    /// Actors that this one watches, and whose end it has not been told.
    watched: BTreeSet<ActorId>,
    /// True while no incarnation runs.
    rests: bool,
    awaits: Awaits,
    verdict: Option<Verdict>,
    /// Child that leads the restart of its group, if one goes on.
    leader: Option<ActorId>,
}

/// Source of the verdict that an actor needs before it starts again.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Awaits {
    /// No source: the actor decides by its own policy.
    #[default]
    Nothing,
    /// The supervisor, which was told of the end and decides in its
    /// `#[on(child)]`.
    Supervisor,
    /// The restart of a group, led by this sibling.
    Group(ActorId),
}

/// Incarnation that a new child belongs to.
#[derive(Clone, Copy, Default)]
enum Takes {
    /// The incarnation that runs.
    #[default]
    Now,
    /// The next one: the current incarnation is ending, with its children.
    Next,
    /// None: no incarnation comes, so no child is made any more.
    Never,
}

impl Kin {
    pub(crate) fn of(parent: Option<&Arc<dyn Resident>>, renews: bool) -> Self {
        Self {
            parent: parent.map(Arc::downgrade),
            renews,
            ..Self::default()
        }
    }

    /// Makes a child and adds it, unless it is too late for that: then `make`
    /// is not called. With `only_of` the parent has to be in the incarnation of
    /// that number.
    pub(crate) fn adopt<E>(
        &self,
        only_of: Option<u32>,
        make: impl FnOnce() -> Result<(ActorId, Child), E>,
    ) -> Result<(), E> {
        let ties = &mut *self.ties();
        let is_late = only_of.is_some_and(|generation| generation != self.generation());
        let family = match ties.takes {
            Takes::Now if !is_late => &mut ties.children,
            Takes::Next if only_of.is_none() => &mut ties.heirs,
            _ => return Ok(()),
        };
        let (id, child) = make()?;
        family.insert(id, child);
        Ok(())
    }

    pub(crate) fn child(&self, id: ActorId) -> Option<Child> {
        self.ties().children.get(&id).cloned()
    }

    pub(crate) fn forget(&self, id: ActorId) -> Option<Child> {
        self.ties().children.remove(&id)
    }

    pub(crate) fn has_children(&self) -> bool {
        !self.ties().children.is_empty()
    }

    /// Number of children, those of the next incarnation included.
    pub(crate) fn count(&self) -> usize {
        let ties = self.ties();
        ties.children.len() + ties.heirs.len()
    }

    /// The children, oldest first.
    pub(crate) fn children(&self) -> Vec<(ActorId, Child)> {
        let ties = self.ties();
        ties.children
            .iter()
            .map(|(id, child)| (*id, child.clone()))
            .collect()
    }

    /// Returns the children of an incarnation that is ending, oldest first.
    /// Each stays listed until it is [forgotten](Self::forget), so that a kill
    /// meanwhile reaches it. Children made from now on belong to the next
    /// incarnation, if `is_next` says that there may be one.
    pub(crate) fn leave(&self, is_next: bool) -> Vec<(ActorId, Child)> {
        let mut ties = self.ties();
        if is_next && self.renews {
            ties.takes = Takes::Next;
        } else {
            ties.takes = Takes::Never;
            let mut heirs = std::mem::take(&mut ties.heirs);
            ties.children.append(&mut heirs);
        }
        drop(ties);
        self.children()
    }

    pub(crate) fn tell(&self, notice: Notice) {
        self.ties().notices.push_back(notice);
    }

    /// Takes the next notice, and tells whether there is another.
    pub(crate) fn heed(&self) -> (Option<Notice>, bool) {
        let Ties {
            notices, watched, ..
        } = &mut *self.ties();
        // Two notices of one end are queued if a watch begins while the watched
        // actor ends: only the first is delivered.
        let is_news = |notice: &Notice| match notice {
            Notice::Gone(Some(id), _) => watched.remove(id),
            Notice::Gone(None, _) | Notice::Child(_) => true,
        };
        let notice = std::iter::from_fn(|| notices.pop_front()).find(is_news);
        (notice, !notices.is_empty())
    }

    /// Begins to watch an actor: its end is delivered once.
    pub(crate) fn begin_watch(&self, id: ActorId) {
        self.ties().watched.insert(id);
    }

    /// Stops watching an actor: its end is not delivered any more.
    pub(crate) fn end_watch(&self, id: ActorId) {
        self.ties().watched.remove(&id);
    }

    /// Adds a watcher, to be notified of the end of this actor.
    pub(crate) fn watch(&self, id: ActorId, watcher: Weak<dyn Resident>) {
        let mut ties = self.ties();
        ties.watchers
            .retain(|(other, weak)| *other != id && weak.strong_count() > 0);
        ties.watchers.push((id, watcher));
    }

    /// Removes a watcher.
    pub(crate) fn unwatch(&self, id: ActorId) {
        self.ties().watchers.retain(|(other, _)| *other != id);
    }

    pub(crate) fn take_watchers(&self) -> Vec<Weak<dyn Resident>> {
        let watchers = std::mem::take(&mut self.ties().watchers);
        watchers.into_iter().map(|(_, weak)| weak).collect()
    }

    /// Marks the end of an incarnation.
    pub(crate) fn lie_down(&self) {
        self.ties().rests = true;
        self.down.store(true, Ordering::Release);
    }

    /// Tells whether the end of this incarnation has to be decided on, by the
    /// supervisor or by the actor's own policy. The restart of a group needs no
    /// such decision: it brings a verdict of its own.
    pub(crate) fn ask(&self) -> bool {
        let mut ties = self.ties();
        let is_new = ties.awaits == Awaits::Nothing && ties.verdict.is_none();
        if is_new {
            ties.awaits = Awaits::Supervisor;
        }
        is_new
    }

    /// Tells whether the supervisor was told of the end and has not answered.
    pub(crate) fn asks(&self) -> bool {
        self.ties().awaits == Awaits::Supervisor
    }

    /// Withdraws the question to the supervisor.
    pub(crate) fn asks_no_more(&self) {
        let mut ties = self.ties();
        if ties.awaits == Awaits::Supervisor {
            ties.awaits = Awaits::Nothing;
        }
    }

    /// The actor that the next start depends on: the supervisor that decides,
    /// or the sibling that leads the restart of the group.
    pub(crate) fn awaited(&self) -> Option<ActorId> {
        let awaits = self.ties().awaits;
        match awaits {
            Awaits::Nothing => None,
            Awaits::Supervisor => Some(self.parent()?.id()),
            Awaits::Group(leader) => Some(leader),
        }
    }

    /// Keeps this actor from starting until the leader of its group gives a
    /// verdict.
    pub(crate) fn hold(&self, leader: ActorId) {
        self.ties().awaits = Awaits::Group(leader);
    }

    /// Tells whether the sibling `leader` holds this actor.
    pub(crate) fn is_held_by(&self, leader: ActorId) -> bool {
        self.ties().awaits == Awaits::Group(leader)
    }

    /// Releases this actor, which was held by a group that never brought it
    /// down.
    pub(crate) fn let_go(&self) {
        self.ties().awaits = Awaits::Nothing;
    }

    pub(crate) fn judge(&self, verdict: Verdict) {
        let mut ties = self.ties();
        ties.awaits = Awaits::Nothing;
        ties.verdict = Some(verdict);
    }

    /// Makes a child the leader of a group restart, unless another child leads
    /// one. Returns true if the child is the leader now.
    pub(crate) fn lead(&self, child: ActorId) -> bool {
        *self.ties().leader.get_or_insert(child) == child
    }

    /// Child that leads the restart of a group, if one goes on.
    pub(crate) fn leader(&self) -> Option<ActorId> {
        self.ties().leader
    }

    pub(crate) fn lead_no_more(&self) {
        self.ties().leader = None;
    }

    pub(crate) fn take_verdict(&self) -> Option<Verdict> {
        self.ties().verdict.take()
    }

    /// Begins the next incarnation; returns false if a group restart or a
    /// verdict has come meanwhile. The incarnation gets the children made
    /// meanwhile; notices of children of the former one are dropped. `calm`
    /// clears the alerts for the former incarnation, before the supervisor can
    /// bring down the new one.
    pub(crate) fn rise(&self, calm: impl FnOnce()) -> bool {
        let ties = &mut *self.ties();
        if matches!(ties.awaits, Awaits::Group(_)) || ties.verdict.is_some() {
            return false;
        }
        ties.rests = false;
        ties.takes = Takes::Now;
        ties.children.append(&mut ties.heirs);
        let children = &ties.children;
        ties.notices.retain(|notice| match notice {
            Notice::Gone(..) => true,
            Notice::Child(exit) => children.contains_key(&exit.id),
        });
        calm();
        true
    }

    /// Tells whether no incarnation runs.
    pub(crate) fn rests(&self) -> bool {
        self.ties().rests
    }

    /// Tells whether the actor is between two incarnations: one has ended, and
    /// the next has not got through its start.
    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    pub(crate) fn set_up(&self) {
        self.down.store(false, Ordering::Release);
    }

    pub(crate) fn generation(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed) + 1
    }

    /// Kills the children that are left and notifies the watchers, after the
    /// actor has ended for good.
    pub(crate) fn part(&self, who: &dyn Resident, reason: &StopReason) {
        // The verdict may hold a reference to a sibling.
        drop(self.take_verdict());
        for (id, child) in self.leave(false) {
            // A child is left only if the actor was cut short: no time to stop
            // the children in order.
            child.resident.tell_to_end(Signal::Kill, By::Parent);
            self.forget(id);
        }
        for watcher in self.take_watchers() {
            if let Some(watcher) = watcher.upgrade() {
                let gone = Gone {
                    urn: who.urn(),
                    reason: reason.clone(),
                };
                watcher.notify(Notice::Gone(Some(who.id()), Box::new(gone)));
            }
        }
    }

    /// Notifies the parent that the actor has ended for good.
    pub(crate) fn tell_parent(
        &self,
        who: ActorId,
        child_exit: impl FnOnce(Directive) -> ChildExit,
        reason: &StopReason,
        said: Option<Directive>,
    ) {
        let Some(parent) = self.parent() else { return };
        let default = match said {
            Some(Directive::Stop) => Directive::Stop,
            Some(Directive::Restart) if !self.renews => Directive::Stop,
            _ if reason.is_failure() => Directive::Escalate,
            _ => Directive::Resume,
        };
        parent.notify(Notice::Child(Box::new(Exit {
            id: who,
            told: child_exit(default),
            waits: false,
            delay: None,
        })));
    }

    pub(crate) fn parent(&self) -> Option<Arc<dyn Resident>> {
        self.parent.as_ref()?.upgrade()
    }

    fn ties(&self) -> MutexGuard<'_, Ties> {
        self.ties.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
