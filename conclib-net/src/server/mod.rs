//! Server end of a link, at which a system is.
//!
//! Floors, lowest first: counters, socket file and ready set; listener, open
//! streams and context; the connection and the handshakes; the scheduler of
//! streams; the service for a client; the acceptor; the broker.

mod acceptor;
mod broker;
mod connection;
mod context;
mod counters;
mod handshakes;
mod listener;
mod open_streams;
mod ready_set;
mod serve;
mod socket_file;
mod stream_scheduler;

pub use broker::LocalBroker;
pub use counters::BrokerStats;

#[cfg(test)]
mod tests;
