//! Single sender with many receivers.

use crate::Library;
use crate::member::Group;
use crate::meter::{Effort, Meter};
use crate::sample::Sample;

/// Number of rounds before the clock starts.
const WARM_UP: u64 = 2;

/// Number of rounds between two readings of the clock.
const ROUNDS: u64 = 50;

/// Times one delivery: a number is told to every member, and the next round
/// begins when all have it.
pub(super) async fn fan_out<L: Library>(library: &L, count: u64, effort: Effort) -> Sample {
    let group = Group::of(count);
    let mut members = Vec::with_capacity(count as usize);
    for _ in 0..count {
        members.push(library.member(group.membership()).await);
    }
    group.started.wait().await;
    let mut rounds = WARM_UP;
    deliver::<L>(&members, &group, WARM_UP).await;

    let mut meter = Meter::in_units(effort, ROUNDS * count, count);
    while let Some(deliveries) = meter.next() {
        deliver::<L>(&members, &group, deliveries / count).await;
        rounds += deliveries / count;
    }
    let sample = meter.sample();

    for member in &members {
        assert_eq!(L::total(member, 0).await, rounds, "a delivery was lost");
    }
    sample
}

/// Runs so many rounds.
async fn deliver<L: Library>(members: &[L::Member], group: &Group, rounds: u64) {
    for _ in 0..rounds {
        group.delivered.close(members.len() as u64);
        for member in members {
            L::deliver(member, 1).await;
        }
        group.delivered.wait().await;
    }
}
