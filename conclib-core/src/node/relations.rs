//! Relations of an actor to its parent, its children and its watchers. Only an
//! actor that has any of them, or can be restarted, has a [`Relations`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_wire::{StopReason, Urn};

use tokio::task::AbortHandle;

use super::any_actor::AnyActor;
use crate::actor_id::ActorId;
use crate::mailbox::{By, Signal};
use crate::remote::Remote;
use crate::supervision::{ChildExit, Directive, Gone};
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Notice for a parent or a watcher, kept apart from its mailbox so that messages
/// cannot hold the notice up.
pub(crate) enum Notice {
    Child(Box<ExitNotice>),
    /// End of an actor that is watched.
    Gone(ActorId, Box<Gone>),
}

/// Child that has ended, or that waits for the decision on its restart.
pub(crate) struct ExitNotice {
    pub(crate) id: ActorId,
    pub(crate) told: ChildExit,
    /// True if the child waits for a [`RestartDecision`].
    pub(crate) waits: bool,
    /// Pause before a restart of the child; `None` if there can be no restart.
    pub(crate) delay: Option<Duration>,
}

/// Decision on the restart of a child that waits for it.
pub(crate) enum RestartDecision {
    /// The child stays ended.
    End,
    /// The child starts again after the delay, together with the siblings that
    /// the strategy names.
    Restart { delay: Duration },
    /// The child starts again once the actor `behind` has started, and after
    /// the delay.
    Start {
        delay: Duration,
        behind: Option<Arc<dyn AnyActor>>,
    },
}

/// Child of an actor, with the options of its supervision.
#[derive(Clone)]
pub(crate) struct Child {
    pub(crate) resident: Arc<dyn AnyActor>,
    /// Time in which the child has to end by itself before it is killed.
    pub(crate) stop_within: Duration,
    /// True if the end of the child is also the end of its parent.
    pub(crate) significant: bool,
}

#[derive(Default)]
pub(crate) struct Relations {
    /// Parent of the actor, which is told of its ends.
    pub(crate) parent: Option<Weak<dyn AnyActor>>,
    /// True if the actor can be restarted.
    pub(crate) renews: bool,
    /// Number of restarts.
    pub(crate) restarts: AtomicU32,
    /// True between two incarnations, until the next one has got through its
    /// start.
    down: AtomicBool,
    links: Mutex<Links>,
}

#[derive(Default)]
struct Links {
    /// Children of this incarnation, oldest first.
    children: BTreeMap<ActorId, Child>,
    /// Children of the next incarnation, spawned while this one was ending or
    /// after its end.
    next_children: BTreeMap<ActorId, Child>,
    takes: Adoption,
    notices: VecDeque<Notice>,
    watchers: Vec<(ActorId, Weak<dyn AnyActor>)>,
    /// Actors that this one watches, and whose end it has not been told.
    watched: BTreeSet<ActorId>,
    /// Watched actors that are in another process.
    far: Vec<FarWatch>,
    /// True while no incarnation runs.
    has_no_incarnation: bool,
    awaits: Awaits,
    decision: Option<RestartDecision>,
    /// Child that leads the restart of its group, if one goes on.
    leader: Option<ActorId>,
}

/// Watch of an actor in another process. A drop ends the task that waits for its end.
pub(crate) struct FarWatch {
    /// Id that stands for the actor in this process.
    pub(crate) id: ActorId,
    pub(crate) actor: Arc<Remote>,
    pub(crate) task: AbortHandle,
}

impl Drop for FarWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
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
enum Adoption {
    /// The incarnation that runs.
    #[default]
    Now,
    /// The next one: the current incarnation is ending, with its children.
    Next,
    /// None: no incarnation comes, so no child is made any more.
    Never,
}

impl Relations {
    pub(crate) fn of(parent: Option<&Arc<dyn AnyActor>>, renews: bool) -> Self {
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
        let links = &mut *self.links();
        let is_late = only_of.is_some_and(|generation| generation != self.generation());
        let family = match links.takes {
            Adoption::Now if !is_late => &mut links.children,
            Adoption::Next if only_of.is_none() => &mut links.next_children,
            _ => return Ok(()),
        };
        let (id, child) = make()?;
        family.insert(id, child);
        Ok(())
    }

    pub(crate) fn child(&self, id: ActorId) -> Option<Child> {
        self.links().children.get(&id).cloned()
    }

    pub(crate) fn forget(&self, id: ActorId) -> Option<Child> {
        self.links().children.remove(&id)
    }

    pub(crate) fn has_children(&self) -> bool {
        !self.links().children.is_empty()
    }

    /// Number of children, those of the next incarnation included.
    pub(crate) fn count(&self) -> usize {
        let links = self.links();
        links.children.len() + links.next_children.len()
    }

    /// The children, oldest first.
    pub(crate) fn children(&self) -> Vec<(ActorId, Child)> {
        let links = self.links();
        links
            .children
            .iter()
            .map(|(id, child)| (*id, child.clone()))
            .collect()
    }

    /// Returns the children of an incarnation that is ending, oldest first.
    /// Each stays listed until it is [forgotten](Self::forget), so that a kill
    /// meanwhile reaches it. Children made from now on belong to the next
    /// incarnation, if `is_next` says that there may be one.
    pub(crate) fn leave(&self, is_next: bool) -> Vec<(ActorId, Child)> {
        let mut links = self.links();
        if is_next && self.renews {
            links.takes = Adoption::Next;
        } else {
            links.takes = Adoption::Never;
            let mut next_children = std::mem::take(&mut links.next_children);
            links.children.append(&mut next_children);
        }
        drop(links);
        self.children()
    }

    pub(crate) fn tell(&self, notice: Notice) {
        self.links().notices.push_back(notice);
    }

    /// Takes the next notice, and tells whether there is another.
    pub(crate) fn next_notice(&self) -> (Option<Notice>, bool) {
        // Dropped after the lock is free.
        let mut over = Vec::new();
        let Links {
            notices,
            watched,
            far,
            ..
        } = &mut *self.links();
        // Two notices of one end are queued if a watch begins while the watched
        // actor ends: only the first is delivered.
        let is_news = |notice: &Notice| match notice {
            Notice::Gone(id, _) => {
                over.extend(far.extract_if(.., |watch| watch.id == *id));
                watched.remove(id)
            }
            Notice::Child(_) => true,
        };
        let notice = std::iter::from_fn(|| notices.pop_front()).find(is_news);
        (notice, !notices.is_empty())
    }

    /// Begins to watch an actor: its end is delivered once.
    pub(crate) fn begin_watch(&self, id: ActorId) {
        self.links().watched.insert(id);
    }

    /// Stops watching an actor: its end is not delivered any more.
    pub(crate) fn end_watch(&self, id: ActorId) {
        self.links().watched.remove(&id);
    }

    /// Tells whether an actor in another process is watched.
    pub(crate) fn watches_far(&self, actor: &Remote) -> bool {
        self.links().far.iter().any(|watch| watch.actor.same(actor))
    }

    /// Begins to watch an actor in another process, unless it is watched already. `begin` begins
    /// the task that waits for its end.
    pub(crate) fn begin_far_watch(
        &self,
        actor: &Arc<Remote>,
        begin: impl FnOnce(ActorId) -> AbortHandle,
    ) {
        let links = &mut *self.links();
        let is_new = !links.far.iter().any(|watch| watch.actor.same(actor));
        if is_new {
            let id = ActorId::next(usize::MAX);
            let (actor, task) = (actor.clone(), begin(id));
            links.watched.insert(id);
            links.far.push(FarWatch { id, actor, task });
        }
    }

    /// Stops watching an actor in another process.
    pub(crate) fn end_far_watch(&self, actor: &Remote) {
        // Dropped after the lock is free.
        let mut over = Vec::new();
        let links = &mut *self.links();
        over.extend(links.far.extract_if(.., |watch| watch.actor.same(actor)));
        for watch in &over {
            links.watched.remove(&watch.id);
        }
    }

    /// Adds a watcher, to be notified of the end of this actor.
    pub(crate) fn watch(&self, id: ActorId, watcher: Weak<dyn AnyActor>) {
        let mut links = self.links();
        links
            .watchers
            .retain(|(other, weak)| *other != id && weak.strong_count() > 0);
        links.watchers.push((id, watcher));
    }

    /// Removes a watcher.
    pub(crate) fn unwatch(&self, id: ActorId) {
        self.links().watchers.retain(|(other, _)| *other != id);
    }

    pub(crate) fn take_watchers(&self) -> Vec<Weak<dyn AnyActor>> {
        let watchers = std::mem::take(&mut self.links().watchers);
        watchers.into_iter().map(|(_, weak)| weak).collect()
    }

    /// Marks the end of an incarnation.
    pub(crate) fn mark_down(&self) {
        self.links().has_no_incarnation = true;
        self.down.store(true, Ordering::Release);
    }

    /// Tells whether the end of this incarnation has to be decided on, by the
    /// supervisor or by the actor's own policy. The restart of a group needs no
    /// such decision: it brings a verdict of its own.
    pub(crate) fn ask(&self) -> bool {
        let mut links = self.links();
        let is_new = links.awaits == Awaits::Nothing && links.decision.is_none();
        if is_new {
            links.awaits = Awaits::Supervisor;
        }
        is_new
    }

    /// Tells whether the supervisor was told of the end and has not answered.
    pub(crate) fn asks(&self) -> bool {
        self.links().awaits == Awaits::Supervisor
    }

    /// Withdraws the question to the supervisor.
    pub(crate) fn asks_no_more(&self) {
        let mut links = self.links();
        if links.awaits == Awaits::Supervisor {
            links.awaits = Awaits::Nothing;
        }
    }

    /// The actor that the next start depends on: the supervisor that decides,
    /// or the sibling that leads the restart of the group.
    pub(crate) fn awaited(&self) -> Option<ActorId> {
        let awaits = self.links().awaits;
        match awaits {
            Awaits::Nothing => None,
            Awaits::Supervisor => Some(self.parent()?.id()),
            Awaits::Group(leader) => Some(leader),
        }
    }

    /// Keeps this actor from starting until the leader of its group gives a
    /// verdict.
    pub(crate) fn hold(&self, leader: ActorId) {
        self.links().awaits = Awaits::Group(leader);
    }

    /// Tells whether the sibling `leader` holds this actor.
    pub(crate) fn is_held_by(&self, leader: ActorId) -> bool {
        self.links().awaits == Awaits::Group(leader)
    }

    /// Releases this actor, which was held by a group that never brought it
    /// down.
    pub(crate) fn let_go(&self) {
        self.links().awaits = Awaits::Nothing;
    }

    pub(crate) fn decide(&self, decision: RestartDecision) {
        let mut links = self.links();
        links.awaits = Awaits::Nothing;
        links.decision = Some(decision);
    }

    /// Makes a child the leader of a group restart, unless another child leads
    /// one. Returns true if the child is the leader now.
    pub(crate) fn lead(&self, child: ActorId) -> bool {
        *self.links().leader.get_or_insert(child) == child
    }

    /// Child that leads the restart of a group, if one goes on.
    pub(crate) fn leader(&self) -> Option<ActorId> {
        self.links().leader
    }

    pub(crate) fn end_lead(&self) {
        self.links().leader = None;
    }

    pub(crate) fn take_decision(&self) -> Option<RestartDecision> {
        self.links().decision.take()
    }

    /// Begins the next incarnation; returns false if a group restart or a
    /// verdict has come meanwhile. The incarnation gets the children made
    /// meanwhile; notices of children of the former one are dropped. `clear_alert`
    /// clears the alerts for the former incarnation, before the supervisor can
    /// bring down the new one.
    pub(crate) fn begin_incarnation(&self, clear_alert: impl FnOnce()) -> bool {
        let links = &mut *self.links();
        if matches!(links.awaits, Awaits::Group(_)) || links.decision.is_some() {
            return false;
        }
        links.has_no_incarnation = false;
        links.takes = Adoption::Now;
        links.children.append(&mut links.next_children);
        let children = &links.children;
        links.notices.retain(|notice| match notice {
            Notice::Gone(..) => true,
            Notice::Child(exit) => children.contains_key(&exit.id),
        });
        clear_alert();
        true
    }

    /// Tells whether no incarnation runs.
    pub(crate) fn has_no_incarnation(&self) -> bool {
        self.links().has_no_incarnation
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
    pub(crate) fn part(&self, who: &dyn AnyActor, reason: &StopReason) {
        // The verdict may hold a reference to a sibling.
        drop(self.take_decision());
        let far = std::mem::take(&mut self.links().far);
        drop(far);
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
                watcher.notify(Notice::Gone(who.id(), Box::new(gone)));
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
        parent.notify(Notice::Child(Box::new(ExitNotice {
            id: who,
            told: child_exit(default),
            waits: false,
            delay: None,
        })));
    }

    /// Takes an actor that has ended for good from its parent, which is not told.
    pub(crate) fn leave_parent(&self, who: ActorId) {
        if let Some(parent) = self.parent()
            && let Some(relations) = parent.relations()
        {
            drop(relations.forget(who));
        }
    }

    pub(crate) fn parent(&self) -> Option<Arc<dyn AnyActor>> {
        self.parent.as_ref()?.upgrade()
    }

    pub(crate) fn parent_urn(&self) -> Option<Urn> {
        self.parent().map(|parent| parent.urn())
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
