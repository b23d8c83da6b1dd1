//! Who belongs to whom: what an actor shares with its parent, its children and
//! those that watch it. Only actors that have any of them have a [`Kin`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::cell::Cell;
use super::family::{ChildExit, Gone};
use super::resident::Resident;
use super::signal::{By, Signal};
use super::{Actor, Directive};
use crate::current::ActorId;
use crate::named::Named;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use conclib_wire::StopReason;

/// What a supervisor is told, in its own lane.
pub(crate) enum Notice {
    Child(Box<Exit>),
    /// The end of an actor that is watched. `None` is one in another process,
    /// which is told of in any case.
    Gone(Option<ActorId>, Box<Gone>),
}

/// A child that has ended, or waits to be told whether it is started again.
pub(crate) struct Exit {
    pub(crate) id: ActorId,
    pub(crate) told: ChildExit,
    /// It waits for a [`Verdict`].
    pub(crate) waits: bool,
    /// After how long it could be started again.
    pub(crate) delay: Option<Duration>,
}

/// What a child that waits is told.
pub(crate) enum Verdict {
    /// Stay ended.
    End,
    /// Start again after this long, with the siblings that the strategy names.
    Restart { delay: Duration },
    /// Start again, after this long, and once that one has started.
    Start {
        delay: Duration,
        behind: Option<Arc<dyn Resident>>,
    },
}

/// A child, as its parent knows it.
#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) resident: Arc<dyn Resident>,
    /// How long it has to end by itself.
    pub(crate) stop_within: Duration,
    /// Its end is the end of its parent.
    pub(crate) significant: bool,
}

#[derive(Default)]
pub(crate) struct Kin {
    /// Whom its ends are told.
    pub(crate) parent: Option<Weak<dyn Resident>>,
    /// Whether it can be started again.
    pub(crate) renews: bool,
    /// How many times it was started after the first.
    pub(crate) restarts: AtomicU32,
    /// Between two incarnations.
    down: AtomicBool,
    ties: Mutex<Ties>,
}

#[derive(Default)]
struct Ties {
    /// By age.
    children: BTreeMap<ActorId, Child>,
    /// Those of the next incarnation, which came while this one was ending or
    /// there was none.
    heirs: BTreeMap<ActorId, Child>,
    takes: Takes,
    notices: VecDeque<Notice>,
    watchers: Vec<(ActorId, Weak<dyn Resident>)>,
    /// The actors that it watches itself, and has not been told of.
    watched: BTreeSet<ActorId>,
    /// No incarnation lives.
    rests: bool,
    awaits: Awaits,
    verdict: Option<Verdict>,
    /// The child that restarts the group it belongs to.
    leader: Option<ActorId>,
}

/// Source of the verdict that an actor needs before it starts again.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Awaits {
    /// None: it decides by itself.
    #[default]
    Nothing,
    /// The hook of its supervisor, which was told of its end.
    Supervisor,
    /// The restart of a group, led by this sibling.
    Group(ActorId),
}

/// Whose children those are that come.
#[derive(Clone, Copy, Default)]
enum Takes {
    /// The incarnation's that lives.
    #[default]
    Now,
    /// The next one's: this one is ending, and those it had are too.
    Next,
    /// Nobody's: there is no next.
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

    /// Takes the child in that is made, unless it is too late for that: then
    /// it is not made. `only_of` is the incarnation that it has to be a child
    /// of, if any other will not do.
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

    /// How many children there are.
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

    /// The children of an incarnation that is ending, oldest first. They stay
    /// known until they are [forgotten](Self::forget), so that a kill meanwhile
    /// reaches them. Those that come are of the next one, if there `is_next`.
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

    /// What is to be told next, and whether there is more.
    pub(crate) fn heed(&self) -> (Option<Notice>, bool) {
        let Ties {
            notices, watched, ..
        } = &mut *self.ties();
        // An end may come in more than once for one that watches at that
        // moment: the first is told.
        let is_news = |notice: &Notice| match notice {
            Notice::Gone(Some(id), _) => watched.remove(id),
            Notice::Gone(None, _) | Notice::Child(_) => true,
        };
        let notice = std::iter::from_fn(|| notices.pop_front()).find(is_news);
        (notice, !notices.is_empty())
    }

    /// Begins to watch that one: its end is told once.
    pub(crate) fn begin_watch(&self, id: ActorId) {
        self.ties().watched.insert(id);
    }

    /// The end of that one is told no more.
    pub(crate) fn end_watch(&self, id: ActorId) {
        self.ties().watched.remove(&id);
    }

    /// Has an actor told of the end.
    pub(crate) fn watch(&self, id: ActorId, watcher: Weak<dyn Resident>) {
        let mut ties = self.ties();
        ties.watchers
            .retain(|(other, weak)| *other != id && weak.strong_count() > 0);
        ties.watchers.push((id, watcher));
    }

    /// Has an actor told of the end no more.
    pub(crate) fn unwatch(&self, id: ActorId) {
        self.ties().watchers.retain(|(other, _)| *other != id);
    }

    pub(crate) fn take_watchers(&self) -> Vec<Weak<dyn Resident>> {
        let watchers = std::mem::take(&mut self.ties().watchers);
        watchers.into_iter().map(|(_, weak)| weak).collect()
    }

    /// An incarnation has ended.
    pub(crate) fn lie_down(&self) {
        self.ties().rests = true;
        self.down.store(true, Ordering::Release);
    }

    /// Tells whether the end of this incarnation is a new matter, for the supervisor
    /// or for the actor's own policy. A restart of the group comes with a verdict of
    /// its own.
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

    /// Takes the question to the supervisor back.
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

    /// Keeps this actor from starting until the group has gone down.
    pub(crate) fn hold(&self, leader: ActorId) {
        self.ties().awaits = Awaits::Group(leader);
    }

    /// Tells whether that sibling holds this one.
    pub(crate) fn is_held_by(&self, leader: ActorId) -> bool {
        self.ties().awaits == Awaits::Group(leader)
    }

    /// Ends the hold of a group that never brought this actor down.
    pub(crate) fn let_go(&self) {
        self.ties().awaits = Awaits::Nothing;
    }

    pub(crate) fn judge(&self, verdict: Verdict) {
        let mut ties = self.ties();
        ties.awaits = Awaits::Nothing;
        ties.verdict = Some(verdict);
    }

    /// Makes a child the leader of its group, unless there is another.
    pub(crate) fn lead(&self, child: ActorId) -> bool {
        *self.ties().leader.get_or_insert(child) == child
    }

    /// The child that leads, while a group goes down.
    pub(crate) fn leader(&self) -> Option<ActorId> {
        self.ties().leader
    }

    pub(crate) fn lead_no_more(&self) {
        self.ties().leader = None;
    }

    pub(crate) fn take_verdict(&self) -> Option<Verdict> {
        self.ties().verdict.take()
    }

    /// Begins the next incarnation, unless the supervisor thinks otherwise by
    /// now. It has the children that came meanwhile; what is left to be told of
    /// those of the former one is told to nobody. `calm` runs before the supervisor can
    /// bring this one down, too.
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

    /// Whether no incarnation lives.
    pub(crate) fn rests(&self) -> bool {
        self.ties().rests
    }

    /// Between two incarnations: one has ended, and the next is not through its
    /// start.
    pub(crate) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    pub(crate) fn set_up(&self) {
        self.down.store(false, Ordering::Release);
    }

    pub(crate) fn generation(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed) + 1
    }

    /// The actor has ended for good: takes leave of its children and of those
    /// who watch it.
    pub(crate) fn part<A: Actor>(&self, cell: &Cell<A>, reason: &StopReason) {
        // It may hold a sibling.
        drop(self.take_verdict());
        for (id, child) in self.leave(false) {
            // It was cut short: no time to stop them in order.
            child.resident.tell_to_end(Signal::Kill, By::Parent);
            self.forget(id);
        }
        for watcher in self.take_watchers() {
            if let Some(watcher) = watcher.upgrade() {
                let gone = Gone {
                    urn: cell.urn(),
                    reason: reason.clone(),
                };
                watcher.notify(Notice::Gone(Some(cell.id), Box::new(gone)));
            }
        }
    }

    /// The actor has ended for good: its parent deals with that.
    pub(crate) fn tell_parent<A: Actor>(
        &self,
        cell: &Cell<A>,
        reason: StopReason,
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
            id: cell.id,
            told: cell.child_exit(reason, default),
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
