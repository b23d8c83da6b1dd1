//! Redis broker, by which processes on any host reach the actors of a system through a Redis
//! server; and that server as an owned child process. Users depend on the crate `conclib`, which
//! re-exports this: `Proxy::serve` and `ProxyClient::connect` take the URLs of [`RedisUrl`].
//!
//! - [`start_redis`] starts a server with the settings of a [`RedisConfig`], and [`RedisDaemon`] owns it.
//! - [`RedisBroker`] serves a system in a namespace, [`RedisClient`] asks the actors in it; both have
//!   [`RedisStats`].
//! - [`DeadLetters`] are durable messages that were not handled.
//!
//! ```
//! use conclib_redis::{Profile, RedisConfig, RedisUrl, start_redis};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut redis = start_redis(&RedisConfig::new().profile(Profile::Ephemeral)).await?;
//! let url: RedisUrl = format!("{}?ns=shop", redis.url()).parse()?;
//! assert!(url.to_string().ends_with("/redis.sock?ns=shop"));
//! redis.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `activity`, `channels`, `meter`, `release`, `signer`, `stats`
//! 2. `daemon`, `packet`, `url`
//! 3. `error`
//! 4. `redis`, `runtime`
//! 5. `pipe`, `python`
//! 6. `endpoint`
//! 7. `durable`
//! 8. `router`
//! 9. `client`
//! 10. `broker`

mod activity;
mod broker;
mod channels;
mod client;
mod daemon;
mod durable;
mod endpoint;
mod error;
#[cfg_attr(not(feature = "metrics"), path = "no_meter.rs")]
mod meter;
mod packet;
mod pipe;
mod python;
mod redis;
mod release;
mod router;
mod runtime;
mod signer;
mod stats;
mod url;

pub use broker::RedisBroker;
pub use client::RedisClient;
pub use conclib_process::{Ending, PrivateDirError, SpawnError, Tail, WaitError};
pub use daemon::{
    Profile, RedisConfig, RedisDaemon, RedisEnd, RedisSnapshot, RedisState, StartRedisError,
    start_redis,
};
pub use durable::{DeadLetter, DeadLetters};
pub use error::RedisError;
pub use python::{Config, PythonBroker, PythonClient};
pub use stats::RedisStats;
pub use url::{RedisUrl, UrlError};
