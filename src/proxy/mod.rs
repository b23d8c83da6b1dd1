//! Access from other processes: the proxy in the system, and its clients.

mod carrier;
mod client;
mod server;

pub use client::{Connect, ConnectError, ProxyClient};
pub use server::{Proxy, Serve, ServeError};
