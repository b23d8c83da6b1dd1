//! Outlet: the exit point for requests to other processes.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use conclib_wire::{
    Codec, CodecError, Delivery, DeliveryClass, Envelope, Failure, Home, RequestId,
};

use super::answerer::Answerer;
use super::scope::RefScope;
use crate::error::Outage;

/// Default timeout of a request to another process.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum timeout that fits a frame: 49 days.
pub const MAX_TIMEOUT: Duration = Duration::from_millis(u32::MAX as u64);

/// Future of [`Outlet::room`].
pub type Room = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Shorter way to an actor, which an outlet has found.
pub struct Shortcut {
    /// Outlet that sends the requests.
    pub outlet: Arc<dyn Outlet>,
    /// Number of this way. An ask that it left undelivered is sent again, by the outlet that has found
    /// it, as to a later incarnation of the actor.
    pub number: u64,
}

impl fmt::Debug for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = &self.number;
        f.debug_tuple("Shortcut").field(number).finish()
    }
}

/// Client end of a connection to another process.
///
/// Shared by all tasks of the process. Reconnects by itself, and limits the number of pending
/// requests, in total and to one actor.
pub trait Outlet: Send + Sync + 'static {
    /// Sends a request now, or returns the reason and the answerer.
    ///
    /// The answerer is called with [`Failure::Deadline`] when the timeout of the envelope has
    /// passed: one clock for a connection costs less than a timer for each request.
    ///
    /// # Errors
    /// [`SendRefused`] gives the reason.
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)>;

    /// Resolves when [`send`](Self::send) to the actor of that name is worth another try, or with
    /// the failure of the requests that wait.
    fn room(&self, to: &str) -> Room;

    /// Returns the number of the incarnation of the actor that gets the requests now. A request that
    /// its end left undelivered is sent again, to the next one. `None`, the default, if requests are
    /// not sent again; an outlet that returns a number calls no answerer within [`send`](Self::send).
    fn incarnation(&self) -> Option<u64> {
        None
    }

    /// Resolves when a later incarnation than `this` gets the requests, or another way than the
    /// [shortcut](Shortcut) of that number; or with the failure of those for which there will be none.
    fn later_incarnation(&self, this: u64) -> Room {
        let _ = this;
        Box::pin(ready(Err(Failure::Stopped(Delivery::NotDelivered))))
    }

    /// Cancels a request whose asker has gone: the other side may skip it.
    fn cancel(&self, id: RequestId);

    /// Tells the other side of further callers that wait for the answer to a request. An outlet
    /// without such a message does nothing; then a deadlock of asks that cross each other ends by a
    /// deadline.
    fn waits(&self, id: RequestId, chain: &[u8]) {
        let _ = (id, chain);
    }

    /// Returns the outage, if nothing can be sent at the moment. `None` if there is a connection,
    /// or if the outlet cannot tell.
    fn outage(&self) -> Option<Outage> {
        None
    }

    /// Returns the codec of the requests through this outlet, and so of their answers.
    fn codec(&self) -> Codec {
        Codec::default()
    }

    /// Returns true if this outlet delivers messages of that class. A message of another class is
    /// refused with [`Failure::Unsupported`], before anything is sent.
    fn supports(&self, class: DeliveryClass) -> bool {
        class == DeliveryClass::AtMostOnce
    }

    /// Returns true if this outlet carries streams of replies. A message whose reply is one is else
    /// refused with [`Failure::Unsupported`], before anything is sent.
    fn carries_streams(&self) -> bool {
        true
    }

    /// Returns the number of requests to the actor of that name that have no answer yet. An outlet
    /// that does not count them returns zero.
    fn in_flight(&self, to: &str) -> usize {
        let _ = to;
        0
    }

    /// Returns the outlet through which requests to the actor of that name leave at the moment, if it
    /// is not this one: a shorter way that was found. Ids of both are different.
    fn shortcut(&self, to: &str) -> Option<Shortcut> {
        let _ = to;
        None
    }

    /// Returns the outlet through which this process sends on the requests of others, if it is not this
    /// one. An outlet that finds shortcuts keeps them to the requests of its own process, so that those
    /// of each sender stay in their order.
    fn relay(&self) -> Option<Arc<dyn Outlet>> {
        None
    }

    /// Returns a new id for a request.
    fn next_id(&self) -> RequestId;

    /// Returns the scope in which requests are encoded. The outlet calls an answerer in the same
    /// scope, by [`enter`](super::enter). `None` if requests carry no references.
    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        None
    }

    /// Returns the system at the other end, if it is known: a reference to an actor there that is
    /// sent on gets that address.
    fn peer(&self) -> Option<Home> {
        None
    }
}

/// Reason for which a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendRefused {
    /// No connection, or too many pending requests, to this actor or in total: wait for
    /// [`room`](Outlet::room).
    Busy,
    /// The actor is not there, or not yet again: [`room`](Outlet::room) waits for it, or has the reason
    /// for which it never comes.
    Away,
    /// The client was closed.
    Closed,
    /// The request cannot be encoded, or is too large for a frame.
    Codec(CodecError),
}

/// Guard that cancels its request when it is dropped before the answer has come.
pub struct CancelOnDrop(Option<(Arc<dyn Outlet>, RequestId)>);

impl CancelOnDrop {
    pub(crate) fn new(outlet: Arc<dyn Outlet>, id: RequestId) -> Self {
        Self(Some((outlet, id)))
    }

    /// Returns the request, if its answer has not come.
    pub(crate) fn request(&self) -> Option<(&Arc<dyn Outlet>, RequestId)> {
        self.0.as_ref().map(|(outlet, id)| (outlet, *id))
    }

    /// Ends the guard, since the answer has come.
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
