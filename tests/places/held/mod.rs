//! Held objects: the same in every place.

mod everywhere;
mod kinds;
mod life;
mod locks;
mod owner;
mod queues;
mod third;

use conclib::Place;
use conclib::prelude::*;
use support::child::Process;

use self::owner::Owner;

/// Spawns an owner in a place.
async fn owner_in(system: &System, place: Place) -> conclib::Result<ActorRef<Owner>> {
    let owner = system.actor(Owner::default());
    Ok(match place {
        Place::Thread => owner.on_thread().spawn()?,
        Place::Process => owner.in_process().spawn().await?,
        _ => owner.spawn()?,
    })
}

/// Spawns an owner in a process, and returns the process.
async fn owner_process(system: &System) -> conclib::Result<(ActorRef<Owner>, Process)> {
    use self::owner::OwnerCalls as _;
    let owner = owner_in(system, Place::Process).await?;
    let process = crate::actors::process(owner.pid().await?);
    Ok((owner, process))
}
