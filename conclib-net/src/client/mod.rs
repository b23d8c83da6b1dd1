//! Client end of a link, from which actors are asked.

mod backoff;
mod dial;
mod doubt;
mod ids;
mod link;
mod outlet;
mod room;
mod shared;
mod streams;
mod task_side;

pub use outlet::{Client, ClientStats};
