//! Ring of actors that tell one another, with one message under way.

use std::sync::Arc;

use crate::meter::{Effort, Meter};
use crate::sample::Sample;
use crate::{Gate, Library};

/// Number of hops between two readings of the clock.
const BATCH: u64 = 20_000;

/// Times one hop in a ring of so many actors. The last hop is the one that has
/// none left, so the gate opens after exactly as many as were asked for.
pub(super) async fn ring<L: Library>(library: &L, hoppers: usize, effort: Effort) -> Sample {
    let finish = Arc::new(Gate::default());
    let mut ring = Vec::with_capacity(hoppers);
    for index in 0..hoppers {
        ring.push(library.hopper(index, finish.clone()).await);
    }
    for (index, hopper) in ring.iter().enumerate() {
        L::link(hopper, &ring[(index + 1) % hoppers]).await;
    }
    go_round::<L>(&ring[0], &finish, hoppers as u64 * 2).await;

    let mut meter = Meter::new(effort, BATCH);
    while let Some(hops) = meter.next() {
        go_round::<L>(&ring[0], &finish, hops).await;
    }
    meter.sample()
}

/// Sends a message on so many hops.
async fn go_round<L: Library>(first: &L::Hopper, finish: &Gate, hops: u64) {
    finish.close(1);
    L::hop(first, hops - 1).await;
    finish.wait().await;
}
