//! Held objects: the same in every place.

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

/// Generates three tests from each body: one for each place.
macro_rules! on_every_place {
    ($($test:ident),* $(,)?) => {
        mod task { crate::held::on_every_place! { @ Task; $($test)* } }
        mod thread { crate::held::on_every_place! { @ Thread; $($test)* } }
        mod process { crate::held::on_every_place! { @ Process; $($test)* } }
    };
    (@ $place:ident; $($test:ident)*) => {
        $(
            #[::support::test]
            async fn $test() -> ::conclib::Result {
                super::$test(::conclib::Place::$place).await
            }
        )*
    };
}
pub(crate) use on_every_place;

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
