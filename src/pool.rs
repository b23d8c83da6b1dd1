//! For code that sets up a [`Pool`](crate::Pool) or is generic over it: the builder, the routing
//! of messages to workers, and the markers of the place where the workers run.

#[doc(inline)]
pub use conclib_core::{OnThreads, PoolBuilder, Route, Routing, Tasks};
