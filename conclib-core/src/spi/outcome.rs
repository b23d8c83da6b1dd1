//! Outcome of a request.

use conclib_wire::{Codec, Failure, RequestId, ResponseEnvelope, ResponseKind};

use super::stream::OutboundStream;

/// Outcome of a request from another process, told apart without decoding.
///
/// Bodies are in the codec of the request.
#[derive(Debug)]
pub enum Outcome {
    /// The told message is queued.
    Queued,
    /// The turn of the told message is over.
    Handled,
    /// Encoded reply of the handler.
    Reply(Vec<u8>),
    /// Encoded error of the handler.
    Error(Vec<u8>),
    /// Reason for which there is neither.
    Failure(Failure),
    /// Stream of replies. A sink that cannot carry streams drops the stream, and sends
    /// [`Failure::Codec`] to the asker.
    Stream(OutboundStream),
}

impl Outcome {
    /// Encodes the response with this outcome; its stream, if any, is to be sent after the response.
    pub fn into_response(
        self,
        id: RequestId,
        codec: Codec,
    ) -> (ResponseEnvelope, Option<OutboundStream>) {
        let (kind, body, items) = match self {
            Self::Queued => (ResponseKind::Queued, Vec::new(), None),
            Self::Handled => (ResponseKind::Handled, Vec::new(), None),
            Self::Reply(body) => (ResponseKind::Reply, body, None),
            Self::Error(body) => (ResponseKind::Error, body, None),
            Self::Failure(failure) => {
                return (ResponseEnvelope::failure(id, codec, &failure), None);
            }
            Self::Stream(items) => (ResponseKind::Stream, Vec::new(), Some(items)),
        };
        let response = ResponseEnvelope {
            id,
            kind,
            codec,
            body,
        };
        (response, items)
    }
}
