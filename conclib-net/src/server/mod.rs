//! The end of a link at which a system is.

mod acceptor;
mod broker;
mod connection;
mod listener;
mod ledger;
mod socket_file;

pub use broker::LocalBroker;
pub use ledger::BrokerStats;
