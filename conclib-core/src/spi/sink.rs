//! Sink of answers.

use std::sync::Arc;

use conclib_wire::{Codec, RequestId};

use super::outcome::Outcome;
use super::scope::RefScope;

/// Sink of the answers to the requests of one connection.
pub trait ReplySink: Send + Sync + 'static {
    /// Sends the outcome of a request, whose codec is `codec`. Must not block, since it runs in a
    /// handler's turn. Called exactly once for each request that was delivered.
    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome);

    /// Notes the type of the reply that [`respond`](Self::respond) is about to send, by its path, for
    /// a protocol that names its replies. Not called for the reply of another process that is passed
    /// on.
    fn reply_type(&self, id: RequestId, path: &'static str) {
        let _ = (id, path);
    }

    /// Returns the scope in which the requests of the connection are decoded and their answers
    /// encoded. A sink polls an [`OutboundStream`](super::OutboundStream) in the same scope, by
    /// [`enter`](super::enter). `None` if they carry no references.
    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        None
    }
}
