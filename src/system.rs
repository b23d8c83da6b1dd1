//! For code that names the types of the methods of [`System`](crate::System): the builders of
//! actors, reports, snapshots and guards.

#[doc(inline)]
pub use conclib_core::{
    ActorId, ActorSnapshot, Broadcast, DumpOnSignal, LinkSnapshot, OnThread, ShutdownReport,
    SpawnBuilder, SystemSnapshot,
};
