//! Server end of a link, at which a system is.
//!
//! Floors, lowest first: counters, limits and socket file; listener and context;
//! the handshakes and the service for a client; the acceptor; the broker.

mod acceptor;
mod broker;
mod context;
mod counters;
mod handshakes;
mod limits;
mod listener;
mod serve;
mod socket_file;

pub use broker::LocalBroker;
pub use counters::BrokerStats;

#[cfg(test)]
mod tests;
