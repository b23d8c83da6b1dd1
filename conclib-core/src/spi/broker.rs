//! Broker: server of a system that brings requests from other processes.

use std::future::Future;
use std::pin::Pin;

/// Server of a system that brings requests from other processes.
///
/// The system closes its brokers on shutdown, after all its actors have ended, so that the last
/// answers are still sent.
pub trait Broker: Send + Sync + 'static {
    /// Returns the URL at which clients connect.
    fn url(&self) -> &str;

    /// Refuses new requests.
    fn refuse_new(&self);

    /// Sends the answers that are pending, closes all connections, and removes all it has created.
    /// Idempotent.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
