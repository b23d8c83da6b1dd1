//! redis-server or valkey-server as an owned child process.
//!
//! A *run* is one [`start_redis`] and all restarts that follow. Each run has a private directory for the settings and,
//! unless [`RedisConfig::directory`] names another, for the data and the unix socket. The supervisor always speaks to the
//! server by a unix socket in a directory that only this user may enter, so a foreign server never answers in its place.

mod binary;
mod config;
mod control;
mod directory;
mod error;
mod handle;
mod health;
mod log;
mod run;
mod secret;
mod server;
mod settings;
mod snapshot;
mod start;
mod state;
mod url;
mod watch;

pub use config::{Profile, RedisConfig};
pub use error::StartRedisError;
pub use handle::RedisDaemon;
pub use snapshot::RedisSnapshot;
pub use start::start_redis;
pub use state::{RedisEnd, RedisState};
