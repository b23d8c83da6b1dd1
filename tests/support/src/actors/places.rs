//! Runs one test body for actors that are tasks and for actors that have a thread.

use conclib::prelude::*;
use conclib::{Declared, Place, SpawnBuilder, SpawnError, TaskActor};

/// Spawns at a place that the test is told.
pub trait At<A: Actor> {
    fn at(self, place: Place) -> Result<ActorRef<A>, SpawnError>;
}

impl<A, B> At<A> for SpawnBuilder<'_, A, B>
where
    A: TaskActor + Declared,
    B: conclib::__private::Birth<A>,
{
    fn at(self, place: Place) -> Result<ActorRef<A>, SpawnError> {
        match place {
            Place::Thread => self.on_thread().spawn(),
            _ => self.spawn(),
        }
    }
}

/// Makes of each body two tests: one for each place in this process. Bodies
/// behind `multi_thread` have a runtime of two threads.
///
/// The clock of a test is not that of a thread: what needs paused time is a test
/// of tasks alone.
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
