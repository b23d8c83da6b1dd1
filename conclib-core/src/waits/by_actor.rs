//! A table by the id of an actor.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::current::ActorId;

/// It hashes by one multiplication: ids are counted here, and nobody outside
/// picks them.
pub(super) type ByActor<V> = HashMap<ActorId, V, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        // Every bit of the id reaches the low bits, which pick the place.
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let folded = (product ^ product >> 64) as u64;
        self.0 = folded;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
