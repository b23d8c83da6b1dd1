//! Redis broker, by which processes on any host reach the actors of a system through a Redis
//! server; and that server as an owned child process. Users depend on the crate `conclib`, which
//! re-exports this.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `channels`, `daemon`, `signer`, `stats`
//! 2. `packet`, `url`
//! 3. `error`
//! 4. `redis`
//! 5. `pipe`, `python`
//! 6. `endpoint`
//! 7. `durable`
//! 8. `router`
//! 9. `client`
//! 10. `broker`

mod broker;
mod channels;
mod client;
mod daemon;
mod durable;
mod endpoint;
mod error;
mod packet;
mod pipe;
mod python;
mod redis;
mod router;
mod signer;
mod stats;
mod url;

pub use broker::RedisBroker;
pub use client::RedisClient;
pub use conclib_process::{Ending, PrivateDirError, SpawnError, Tail, WaitError};
pub use daemon::{
    Profile, RedisConfig, RedisDaemon, RedisEnd, RedisState, StartRedisError, start_redis,
};
pub use durable::{DeadLetter, DeadLetters};
pub use error::RedisError;
pub use python::{Config, PythonBroker, PythonClient};
pub use stats::RedisStats;
pub use url::{RedisUrl, UrlError};
