//! Where answers leave.

use super::stream::Outgoing;
use conclib_wire::{Codec, CodecError, RequestId, ResponseEnvelope};
use conclib_wire::{Delivery, Failure};

/// Where answers leave towards the peers that asked: one for a connection.
pub trait ReplySink: Send + Sync + 'static {
    /// Sends a response. It must not block: a handler's turn is waiting.
    /// Exactly one comes for each request that was let in.
    fn respond(&self, response: ResponseEnvelope);

    /// As [`respond`](Self::respond), where the answer is a stream. A way back
    /// that does not know of streams refuses.
    fn stream(&self, id: RequestId, codec: Codec, items: Outgoing) {
        drop(items);
        let error = CodecError::Unencodable {
            codec,
            detail: "a stream of items cannot go back this way".to_owned(),
        };
        let failure = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
        self.respond(ResponseEnvelope::failure(id, codec, &failure));
    }
}
