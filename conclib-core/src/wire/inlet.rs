//! The way in: how a request from outside reaches an actor.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::asker::WireAsker;
use super::cancellation::Cancellation;
use super::origin::Origin;
use super::sink::ReplySink;
use crate::system::Shared;
use conclib_wire::Envelope;
use conclib_wire::Failure;

/// What carries requests to a system from outside, once it is open.
///
/// The system closes it on shutdown, after all its actors have ended, so that
/// their last answers still leave.
pub trait Broker: Send + Sync + 'static {
    /// Where clients reach it.
    fn url(&self) -> &str;

    /// Takes no new requests.
    fn refuse_new(&self);

    /// Sends what has been answered, disconnects everybody, and leaves nothing
    /// behind. Idempotent.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A system, seen by a broker: requests go in here.
#[derive(Clone)]
pub struct Inlet {
    system: Arc<Shared>,
}

impl Inlet {
    pub(crate) fn new(system: Arc<Shared>) -> Self {
        Self { system }
    }

    /// Delivers a request. It does not wait: a full mailbox refuses.
    ///
    /// `sink` gets exactly one response for it: the answer, or a failure that
    /// says why there is none. `None` means it already has; else the
    /// cancellation is for the day when the asker leaves.
    pub fn deliver(
        &self,
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: Origin,
    ) -> Option<Cancellation> {
        let resident = self.system.find(envelope.to);
        let target = resident.as_ref().map(|resident| resident.id());
        let asker = WireAsker::new(envelope, sink, origin, target);
        let Some(resident) = resident else {
            asker.refuse(&Failure::NoSuchActor);
            return None;
        };
        if let Err(failure) = asker.enter(envelope.chain) {
            asker.refuse(&failure);
            return None;
        }
        let cancellation = asker.cancellation().clone();
        resident.accept(envelope, asker).then_some(cancellation)
    }
}

impl fmt::Debug for Inlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet")
            .field("system", &self.system.name())
            .finish()
    }
}
