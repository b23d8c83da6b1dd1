//! Redis broker, by which processes on any host reach the actors of a system through a Redis
//! server; and that server as an owned child process. Users depend on the crate `conclib`, which
//! re-exports this.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `channels`, `daemon`, `signer`
//! 2. `packet`, `url`
//! 3. `error`
//! 4. `redis`
//! 5. `pipe`, `python`
//! 6. `endpoint`
//! 7. `router`
//! 8. `client`
//! 9. `broker`

mod broker;
mod channels;
mod client;
mod daemon;
mod endpoint;
mod error;
mod packet;
mod pipe;
mod python;
mod redis;
mod router;
mod signer;
mod url;

pub use broker::RedisBroker;
pub use client::RedisClient;
pub use error::RedisError;
pub use python::{Config, PythonBroker, PythonClient};
pub use url::{RedisUrl, UrlError};
