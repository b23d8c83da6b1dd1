//! Hash map by request ids.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use conclib_core::wire::RequestId;

/// Data about requests, by their ids.
///
/// The hash function is fast, and a peer that chooses its ids with care can
/// cause collisions. The damage is bounded: a map has no more entries than its
/// connection has requests under way, and only that peer pays.
pub(crate) type IdMap<V> = HashMap<RequestId, V, BuildHasherDefault<IdHasher>>;

/// Hasher with one multiplication for each half of an id.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, word: u64) {
        // Constants: the first digits of pi, and of the golden ratio.
        let product = u128::from(self.0 ^ word ^ 0x243F_6A88_85A3_08D3) * 0x9E37_79B9_7F4A_7C15;
        // Every bit of the id reaches the low bits, which pick the bucket.
        self.0 = (product ^ product >> 64) as u64;
    }

    fn write_usize(&mut self, _: usize) {
        // The length of an id is always the same, so it is not hashed.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
