//! Client end of a link, from which actors are asked.
//!
//! Floors, lowest first: ids, pauses, liveness, queue and buffers; the state of
//! requests in flight; the session; the streams, the events and the wait for a
//! slot; the driver; the outlet.

mod backoff;
mod dial;
mod driver;
mod events;
mod ids;
mod in_flight;
mod liveness;
mod outlet;
mod session;
mod slot_waiter;
mod stats;
mod stream_buffer;
mod streams;
mod wait_queue;

pub use outlet::Client;
pub use stats::ClientStats;
