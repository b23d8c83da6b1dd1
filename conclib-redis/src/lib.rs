//! Redis broker, by which processes on any host reach the actors of a system through a Redis
//! server; and that server as an owned child process. Users depend on the crate `conclib`, which
//! re-exports this.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `daemon`

mod daemon;

pub use conclib_process::{Ending, PrivateDirError, SpawnError, Tail, WaitError};
pub use daemon::{
    Profile, RedisConfig, RedisDaemon, RedisEnd, RedisError, RedisState, start_redis,
};
