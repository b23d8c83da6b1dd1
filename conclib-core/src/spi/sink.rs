//! Sink of answers.

use conclib_wire::{Codec, CodecError, Delivery, Failure, RequestId, ResponseEnvelope};

use super::stream::OutboundStream;

/// Sink of the answers to the requests of one connection.
pub trait ReplySink: Send + Sync + 'static {
    /// Sends a response. Must not block, since it runs in a handler's turn. Called exactly once for
    /// each request that was delivered.
    fn respond(&self, response: ResponseEnvelope);

    /// Sends a stream as the answer, like [`respond`](Self::respond). A sink without support for
    /// streams refuses.
    fn stream(&self, id: RequestId, codec: Codec, items: OutboundStream) {
        drop(items);
        let error = CodecError::Unencodable {
            codec,
            detail: "a stream of items cannot go back this way".to_owned(),
        };
        let failure = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
        self.respond(ResponseEnvelope::failure(id, codec, &failure));
    }
}
