//! Every actor of a system that has not ended.

use std::collections::HashMap;
use std::sync::Arc;

use slab::Slab;

use crate::actor::Resident;
use crate::current::ActorId;
use crate::urn::Urn;

/// The actors by their place, and those with a given name by that.
#[derive(Default)]
pub(super) struct Table {
    /// No new actors.
    pub(super) closed: bool,
    actors: Slab<(ActorId, Arc<dyn Resident>)>,
    names: HashMap<Urn, ActorId>,
}

impl Table {
    pub(super) fn is_taken(&self, urn: &Urn) -> bool {
        self.names.contains_key(urn)
    }

    /// Takes in the actor that `make` makes for the id it gets.
    pub(super) fn enter<R: Resident>(
        &mut self,
        urn: Option<Urn>,
        make: impl FnOnce(ActorId) -> Arc<R>,
    ) -> Arc<R> {
        let place = self.actors.vacant_entry();
        let id = ActorId::next(place.key());
        let resident = make(id);
        place.insert((id, resident.clone()));
        if let Some(urn) = urn {
            self.names.insert(urn, id);
        }
        resident
    }

    /// Takes an actor out, and its name if it is its own.
    pub(super) fn remove(&mut self, id: ActorId, urn: Option<&Urn>) -> Option<Arc<dyn Resident>> {
        if let Some(urn) = urn
            && self.names.get(urn) == Some(&id)
        {
            self.names.remove(urn);
        }
        let place = self.place(id)?;
        self.actors.try_remove(place).map(|(_, resident)| resident)
    }

    pub(super) fn get(&self, id: ActorId) -> Option<&Arc<dyn Resident>> {
        let (_, resident) = self.actors.get(self.place(id)?)?;
        Some(resident)
    }

    pub(super) fn find(&self, urn: &str) -> Option<&Arc<dyn Resident>> {
        if let Some(id) = self.names.get(urn) {
            return self.get(*id);
        }
        // An anonymous actor whose name somebody has asked for: seldom looked
        // up, so it is not worth a table of its own.
        if !urn.starts_with(Urn::ANONYMOUS) {
            return None;
        }
        let mut all = self.actors.iter().map(|(_, (_, resident))| resident);
        all.find(|actor| actor.known_urn().is_some_and(|own| own == urn))
    }

    /// All of them, oldest first.
    pub(super) fn by_age(&self) -> Vec<Arc<dyn Resident>> {
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
