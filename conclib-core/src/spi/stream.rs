//! Streams of replies on a wire: the outgoing items of a server, and the incoming ones of an asker.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_wire::{Failure, Response};

use super::scope::RefScope;

/// Items of a stream to a peer, one encoded body after the other. A drop ends the stream.
pub struct OutboundStream(Box<dyn BodySource>);

pub(crate) trait BodySource: Send {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<(), Failure>>>;
}

impl OutboundStream {
    pub(crate) fn new(feed: impl BodySource + 'static) -> Self {
        Self(Box::new(feed))
    }

    /// Appends the next body to `out`. `None` at the end, and after a failure.
    ///
    /// # Errors
    /// Returns the failure that ends the stream, for the asker.
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<(), Failure>>> {
        self.0.poll_body(cx, out)
    }
}

impl fmt::Debug for OutboundStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundStream").finish_non_exhaustive()
    }
}

/// Receiver of the bodies of a stream, at its asker. A drop before the end cancels the stream.
pub trait StreamSource: Send + Sync + 'static {
    /// Polls for the next body; `None` at the end.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Box<[u8]>, Failure>>>;

    /// Returns the scope in which the bodies are decoded. `None` if they carry no references.
    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        None
    }
}

/// Answer to a request, as an [`Outlet`](super::outlet::Outlet) passes it on.
pub struct Answered<'a> {
    /// Response itself.
    pub response: Response<'a>,
    /// Receiver of the items, if the answer is a stream.
    pub items: Option<Box<dyn StreamSource>>,
}

impl<'a> From<Response<'a>> for Answered<'a> {
    fn from(response: Response<'a>) -> Self {
        Self {
            response,
            items: None,
        }
    }
}

impl fmt::Debug for Answered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answered")
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
