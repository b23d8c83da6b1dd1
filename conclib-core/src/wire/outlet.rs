//! The way out: how a request leaves this process.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::stream::Answered;
use conclib_wire::Failure;
use conclib_wire::{CodecError, Envelope, RequestId};

/// Time that a request to another process may take if it was given no timeout.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest timeout that a frame can say: 49 days.
pub const MAX_TIMEOUT: Duration = Duration::from_millis(u32::MAX as u64);

/// Callback, called once: with the answer to a request, or with the failure in
/// its place.
pub type Answerer = Box<dyn FnOnce(Result<Answered<'_>, Failure>) + Send>;

/// A link or a broker, seen by those who ask.
///
/// It is the client's end of a connection: one for a process, shared by all
/// its tasks. It reconnects by itself, and limits how many requests are under
/// way at once, in all and to one actor.
pub trait Outlet: Send + Sync + 'static {
    /// Sends a request now, or says why not and gives the answerer back.
    ///
    /// The answerer is called with [`Failure::Deadline`] when the timeout of
    /// the envelope is over: one clock for a connection costs less than a timer
    /// for each request.
    ///
    /// # Errors
    /// [`Unsent`] says what to do.
    fn send(&self, envelope: &Envelope<'_>, answerer: Answerer) -> Result<(), (Unsent, Answerer)>;

    /// Resolves when [`send`](Self::send) to the actor of that name is worth
    /// another try.
    fn room(&self, to: &str) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// The asker of this request has left: the other side may skip it.
    fn cancel(&self, id: RequestId);

    /// Those in the chain wait for the answer to this request, too: the other
    /// side is told. A way out that does not know of it does nothing; then a
    /// circle of asks that cross each other ends by its deadline.
    fn waits(&self, id: RequestId, chain: &[u8]) {
        let _ = (id, chain);
    }

    /// Why nothing can be sent at all at the moment. `None` if there is a
    /// connection, or if the way out does not tell.
    fn outage(&self) -> Option<Outage> {
        None
    }

    /// A new id for a request.
    fn next_id(&self) -> RequestId;
}

/// Why a request did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsent {
    /// Not connected, or too many requests are under way, to this actor or in
    /// all: wait for [`room`](Outlet::room).
    Busy,
    /// The client was closed.
    Closed,
    /// The request does not fit a frame.
    Codec(CodecError),
}

/// A time in which there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// Time that the outage has lasted.
    pub lasted: Duration,
    /// Reason: the error of the last try to connect, or of the loss of the
    /// connection.
    pub why: Box<str>,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection for {:.1?} ({})", self.lasted, self.why)
    }
}

/// Cancels its request when it is dropped before the answer came.
pub struct CancelOnDrop(Option<(Arc<dyn Outlet>, RequestId)>);

impl CancelOnDrop {
    pub(crate) fn new(outlet: Arc<dyn Outlet>, id: RequestId) -> Self {
        Self(Some((outlet, id)))
    }

    /// The request, if its answer has not come.
    pub(crate) fn request(&self) -> Option<(&Arc<dyn Outlet>, RequestId)> {
        self.0.as_ref().map(|(outlet, id)| (outlet, *id))
    }

    /// The answer came.
    pub(crate) fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some((outlet, id)) = self.0.take() {
            outlet.cancel(id);
        }
    }
}

impl fmt::Debug for CancelOnDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelOnDrop")
            .field(&self.0.as_ref().map(|(_, id)| id))
            .finish()
    }
}
