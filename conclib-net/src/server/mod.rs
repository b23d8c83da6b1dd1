//! Server end of a link, at which a system is.

mod acceptor;
mod broker;
mod connection;
mod handshakes;
mod ledger;
mod listener;
mod serve;
mod socket_file;
mod streams;

pub use broker::LocalBroker;
pub use ledger::BrokerStats;

#[cfg(test)]
mod tests;
