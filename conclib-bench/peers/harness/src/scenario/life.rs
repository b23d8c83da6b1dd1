//! Many idle actors: the cost of their start and end, and their memory.

use std::sync::Arc;
use std::time::Instant;

use crate::member::Group;
use crate::meter::{Effort, per};
use crate::sample::Sample;
use crate::{Library, allocations, resident};

/// Default number of actors.
const ACTORS: u64 = 100_000;

/// Times a start until all have started, and a stop until all have ended.
pub(super) async fn spawn_stop<L: Library>(library: &L, effort: Effort) -> Sample {
    let actors = effort.actors(ACTORS);
    stop_all::<L>(spawn_all(library, 10).await).await;

    let before = allocations::count();
    let start = Instant::now();
    let alive = spawn_all(library, actors).await;
    let spawned = start.elapsed();
    let sample = Sample::default().with_allocations(before, actors);
    let start = Instant::now();
    stop_all::<L>(alive).await;
    let stopped = start.elapsed();

    sample
        .with("ns", per(spawned + stopped, actors))
        .with("spawn", per(spawned, actors))
        .with("stop", per(stopped, actors))
}

/// Measures the memory of one actor that waits for its first message, with
/// its address.
pub(super) async fn memory<L: Library>(library: &L, effort: Effort) -> Sample {
    let actors = effort.actors(ACTORS);
    stop_all::<L>(spawn_all(library, 10).await).await;

    let before = resident::bytes();
    let alive = spawn_all(library, actors).await;
    let held = resident::bytes().saturating_sub(before);
    stop_all::<L>(alive).await;
    Sample::default().with("bytes", held as f64 / actors as f64)
}

/// Actors that are all alive.
struct Alive<L: Library> {
    group: Arc<Group>,
    members: Vec<L::Member>,
}

/// Spawns so many, and waits until all have started.
async fn spawn_all<L: Library>(library: &L, actors: u64) -> Alive<L> {
    let group = Group::of(actors);
    let mut members = Vec::with_capacity(actors as usize);
    for _ in 0..actors {
        members.push(library.member(group.membership()).await);
    }
    group.started.wait().await;
    Alive { group, members }
}

/// Stops them, and waits until all have ended.
async fn stop_all<L: Library>(alive: Alive<L>) {
    for member in alive.members {
        L::stop(member);
    }
    alive.group.ended.wait().await;
}
