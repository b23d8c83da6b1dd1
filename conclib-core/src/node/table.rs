//! Table of the actors of a system that have not ended.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::task::Waker;

use conclib_wire::{StopReason, Urn};
use slab::Slab;

use super::any_actor::AnyActor;
use super::names::{NameReaders, Names};
use crate::actor_id::ActorId;

/// Actors by their index, and the ids of named actors by name.
#[derive(Default)]
pub(crate) struct Table {
    /// True if the system takes no new actors.
    pub(crate) closed: bool,
    actors: Slab<(ActorId, Arc<dyn AnyActor>)>,
    names: HashMap<Urn, ActorId>,
    /// Names of the anonymous actors that were asked for theirs.
    anonymous: HashMap<Urn, ActorId>,
    /// The names that were published: the others are their actors' own.
    aliases: HashMap<ActorId, Vec<Urn>>,
    observers: HashMap<ActorId, EndObservers>,
    readers: NameReaders,
    /// Names that lead to one of several actors.
    shared: HashMap<Urn, Weak<dyn SharedName>>,
}

/// Observer that is told when an actor has ended, before the tasks that wait for its end.
pub(crate) trait EndObserver: Send + Sync {
    fn ended(self: Arc<Self>, who: ActorId, reason: &StopReason);
}

/// Owner of a name that leads to one of several actors.
pub(crate) trait SharedName: Send + Sync {
    /// Chooses the actor for the next request; `None` if none is left.
    fn choose(&self) -> Option<Arc<dyn AnyActor>>;
    /// Tells whether no actor is left, and none will come: then the name is free.
    fn is_over(&self) -> bool;
}

/// Followers of an actor, by a key that the follower picks.
type EndObservers = HashMap<usize, Weak<dyn EndObserver>>;

/// Parts of an actor that was removed, to be dropped outside of the lock.
pub(crate) struct Removed {
    _resident: Option<Arc<dyn AnyActor>>,
    pub(crate) observers: Option<Box<EndObservers>>,
}

/// Reason for which an actor did not get a further name.
pub(crate) enum Unpublished {
    Taken(Urn),
    Ended,
}

impl Table {
    pub(crate) fn is_taken(&self, urn: &Urn) -> bool {
        self.names.contains_key(urn) || self.shared.contains_key(urn)
    }

    /// Adds the actor that `make` makes for its id.
    #[inline(always)]
    pub(crate) fn enter<R: AnyActor>(
        &mut self,
        urn: Option<Urn>,
        make: impl FnOnce(ActorId) -> Arc<R>,
    ) -> Arc<R> {
        let place = self.actors.vacant_entry();
        let id = ActorId::next(place.key());
        let resident = make(id);
        place.insert((id, resident.clone()));
        if let Some(urn) = urn {
            self.changed(&urn, true);
            self.names.insert(urn, id);
        }
        resident
    }

    /// Takes an actor out, with all its names.
    pub(crate) fn remove(&mut self, id: ActorId) -> Removed {
        let resident = self
            .place(id)
            .and_then(|place| self.actors.try_remove(place))
            .map(|(_, resident)| resident);
        if let Some(urn) = resident.as_ref().and_then(|actor| actor.known_urn()) {
            self.free(id, urn);
            // Nearly no anonymous actor is asked for its name.
            if !self.anonymous.is_empty() {
                self.anonymous.remove(urn);
            }
        }
        // Few actors have aliases, and even a lookup in an empty map computes the hash.
        if !self.aliases.is_empty() {
            for urn in self.aliases.remove(&id).unwrap_or_default() {
                self.free(id, &urn);
            }
        }
        let observers = match self.observers.is_empty() {
            true => None,
            false => self.observers.remove(&id).map(Box::new),
        };
        Removed {
            _resident: resident,
            observers,
        }
    }

    /// Lets an anonymous actor be found by the name that was made for it, until it
    /// ends.
    pub(crate) fn name(&mut self, id: ActorId, urn: &Urn) {
        if self.get(id).is_some() {
            self.anonymous.insert(urn.clone(), id);
        }
    }

    fn free(&mut self, id: ActorId, urn: &Urn) {
        if self.names.get(urn) == Some(&id) {
            self.names.remove(urn);
            self.changed(urn, false);
        }
    }

    pub(crate) fn publish(&mut self, id: ActorId, urn: Urn) -> Result<(), Unpublished> {
        match self.names.get(&urn) {
            _ if self.get(id).is_none() => Err(Unpublished::Ended),
            Some(owner) if *owner == id => Ok(()),
            _ if self.is_taken(&urn) => Err(Unpublished::Taken(urn)),
            _ => {
                self.aliases.entry(id).or_default().push(urn.clone());
                self.changed(&urn, true);
                self.names.insert(urn, id);
                Ok(())
            }
        }
    }

    pub(crate) fn withdraw(&mut self, urn: &str) -> bool {
        let Some(id) = self.names.get(urn).copied() else {
            return false;
        };
        let Some(aliases) = self.aliases.get_mut(&id) else {
            return false;
        };
        let Some(at) = aliases.iter().position(|alias| alias.as_str() == urn) else {
            return false;
        };
        let urn = aliases.swap_remove(at);
        if aliases.is_empty() {
            self.aliases.remove(&id);
        }
        self.names.remove(&urn);
        self.changed(&urn, false);
        true
    }

    /// Returns a reader of the names, which begins with those of the oldest actors.
    pub(crate) fn read_names(&mut self) -> Names {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_unstable_by_key(|(urn, id)| (**id, *urn));
        let shared = self.shared.keys();
        let names = names.into_iter().map(|(urn, _)| urn);
        self.readers.add(names.chain(shared))
    }

    /// Enters a name that leads to one of several actors. Returns it if it is taken.
    pub(crate) fn share(&mut self, urn: Urn, owner: Weak<dyn SharedName>) -> Result<(), Urn> {
        if self.is_taken(&urn) {
            return Err(urn);
        }
        self.changed(&urn, true);
        self.shared.insert(urn, owner);
        Ok(())
    }

    /// Frees a name, unless another owner has it by now.
    pub(crate) fn unshare(&mut self, urn: &Urn, owner: &Weak<dyn SharedName>) {
        if self.shared.get(urn).is_some_and(|it| it.ptr_eq(owner)) {
            self.shared.remove(urn);
            self.changed(urn, false);
        }
    }

    pub(crate) fn shared(&self, urn: &str) -> Option<Weak<dyn SharedName>> {
        self.shared.get(urn).cloned()
    }

    /// Tells the readers of the names of a change.
    #[inline]
    fn changed(&mut self, urn: &Urn, claimed: bool) {
        if !self.readers.is_empty() {
            self.readers.change(urn, claimed);
        }
    }

    /// Tells whether there are readers of the names, which may have to be woken.
    #[inline]
    pub(crate) fn has_readers(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Takes the wakers of the readers that were told of a change, to be woken once the table is
    /// unlocked.
    pub(crate) fn take_wakers(&mut self) -> Vec<Waker> {
        self.readers.take_wakers()
    }

    pub(crate) fn observe_end(
        &mut self,
        id: ActorId,
        key: usize,
        observer: Weak<dyn EndObserver>,
    ) -> bool {
        let lives = self.get(id).is_some();
        if lives {
            self.observers.entry(id).or_default().insert(key, observer);
        }
        lives
    }

    pub(crate) fn unobserve_end(
        &mut self,
        id: ActorId,
        key: usize,
    ) -> Option<Weak<dyn EndObserver>> {
        let observers = self.observers.get_mut(&id)?;
        let observer = observers.remove(&key);
        if observers.is_empty() {
            self.observers.remove(&id);
        }
        observer
    }

    pub(crate) fn get(&self, id: ActorId) -> Option<&Arc<dyn AnyActor>> {
        let (_, resident) = self.actors.get(self.place(id)?)?;
        Some(resident)
    }

    pub(crate) fn find(&self, urn: &str) -> Option<&Arc<dyn AnyActor>> {
        let id = self.names.get(urn).or_else(|| self.anonymous.get(urn))?;
        self.get(*id)
    }

    /// Finds an actor for a request from outside, which may be one that only named actors get.
    pub(crate) fn find_for_request(
        &self,
        urn: &str,
        only_named: bool,
    ) -> Option<&Arc<dyn AnyActor>> {
        match only_named {
            true => self.find_named(urn),
            false => self.find(urn),
        }
    }

    /// Finds an actor by a name that it was given.
    pub(crate) fn find_named(&self, urn: &str) -> Option<&Arc<dyn AnyActor>> {
        self.get(*self.names.get(urn)?)
    }

    /// Returns all actors, oldest first.
    pub(crate) fn by_age(&self) -> Vec<Arc<dyn AnyActor>> {
        let mut all: Vec<_> = self.actors.iter().map(|(_, entry)| entry).collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        all.into_iter()
            .map(|(_, resident)| resident.clone())
            .collect()
    }

    fn place(&self, id: ActorId) -> Option<usize> {
        let is_it = |place: &usize| self.actors.get(*place).is_some_and(|(own, _)| *own == id);
        match id.slot() {
            Some(place) => Some(place).filter(is_it),
            None => {
                let mut all = self.actors.iter();
                all.find(|(_, (own, _))| *own == id).map(|(place, _)| place)
            }
        }
    }
}
