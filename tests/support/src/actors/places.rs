//! Runs one test body for actors that are tasks and for actors that have a thread.

use conclib::prelude::*;
use conclib::system::SpawnBuilder;
use conclib::traits::{Declared, TaskActor};
use conclib::{Place, SpawnError};

/// Spawns at a given place.
pub trait At<A: Actor> {
    fn at(self, place: Place) -> Result<ActorRef<A>, SpawnError>;
}

impl<A, B> At<A> for SpawnBuilder<'_, A, B>
where
    A: TaskActor + Declared,
    B: conclib::__private::Factory<A>,
{
    fn at(self, place: Place) -> Result<ActorRef<A>, SpawnError> {
        match place {
            Place::Thread => self.on_thread().spawn(),
            _ => self.spawn(),
        }
    }
}

/// Spawns the workers of a pool at a given place.
#[macro_export]
macro_rules! pool_at {
    ($pool:expr, $place:expr) => {
        match $place {
            ::conclib::Place::Thread => $pool.on_thread().spawn().unwrap(),
            _ => $pool.spawn().unwrap(),
        }
    };
}

/// Generates two tests from each body: one for each place in this process.
/// Bodies behind `multi_thread` have a runtime of two threads.
///
/// Paused time does not reach other threads, so a test that needs it has tasks
/// only.
#[macro_export]
macro_rules! on_every_place {
    (multi_thread: $($multi:ident),* $(,)?) => {
        $crate::on_every_place! { ; multi_thread: $($multi),* }
    };
    ($($test:ident),* $(,)? $(; multi_thread: $($multi:ident),* $(,)?)?) => {
        mod as_task {
            $crate::on_every_place! { @ Task; $($test)*; $($($multi)*)? }
        }
        mod on_thread {
            $crate::on_every_place! { @ Thread; $($test)*; $($($multi)*)? }
        }
    };
    (@ $place:ident; $($test:ident)*; $($multi:ident)*) => {
        $(
            #[::support::test]
            async fn $test() {
                super::$test(::conclib::Place::$place).await;
            }
        )*
        $(
            #[::support::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $multi() {
                super::$multi(::conclib::Place::$place).await;
            }
        )*
    };
}
