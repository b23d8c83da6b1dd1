//! Hash table keyed by actor id, and a list that is optimised for one item.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use crate::actor_id::ActorId;

/// Table by the id of an actor. One multiplication is enough of a hash: ids are
/// counted in this process, and no peer picks them.
pub(crate) type ByActor<V> = HashMap<ActorId, V, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        // Folding the product makes every bit of the id reach the low bits, which pick the bucket.
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let folded = (product ^ product >> 64) as u64;
        self.0 = folded;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// List that nearly always has one item, and allocates only for more.
pub(crate) struct Few<T> {
    first: Option<T>,
    rest: Vec<T>,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        let (first, rest) = (None, Vec::new());
        Self { first, rest }
    }
}

impl<T> Few<T> {
    pub(crate) fn push(&mut self, item: T) {
        match self.first {
            None => self.first = Some(item),
            Some(_) => self.rest.push(item),
        }
    }

    /// Takes out an item for which `is_it` returns true, if there is one.
    pub(crate) fn take(&mut self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        if let Some(at) = self.rest.iter().position(&is_it) {
            return Some(self.rest.swap_remove(at));
        }
        self.first.as_ref().filter(|first| is_it(first))?;
        std::mem::replace(&mut self.first, self.rest.pop())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.rest)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.rest)
    }
}

/// Takes one item of an actor out of a table, and the actor with its last item.
pub(crate) fn take<T>(
    from: &mut ByActor<Few<T>>,
    id: ActorId,
    is_it: impl Fn(&T) -> bool,
) -> Option<T> {
    // The entry serves both the take and the removal, with a single hash lookup.
    let Entry::Occupied(mut of) = from.entry(id) else {
        return None;
    };
    let taken = of.get_mut().take(is_it);
    if of.get().is_empty() {
        of.remove();
    }
    taken
}
