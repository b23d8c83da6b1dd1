//! Inlet: the entry point for requests from other processes.

use std::fmt;
use std::sync::Arc;

use conclib_wire::{Envelope, Failure};

use crate::deadlock::Cancellation;
use crate::node::SystemInner;
use crate::reply::RemoteCaller;
use crate::spi::{Origin, ReplySink};

/// Handle of a system for a broker, which delivers requests to it.
#[derive(Clone)]
pub struct Inlet {
    system: Arc<SystemInner>,
}

impl Inlet {
    pub(crate) fn new(system: Arc<SystemInner>) -> Self {
        Self { system }
    }

    /// Delivers a request. Does not wait: a full mailbox refuses the request.
    ///
    /// `sink` gets exactly one response: the answer, or a failure that gives the reason. Returns
    /// `None` if the request was refused at once, and otherwise the handle with which the broker
    /// cancels the request when the asker goes.
    pub fn deliver(
        &self,
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: impl Into<Arc<Origin>>,
    ) -> Option<Cancellation> {
        let resident = self.system.find(envelope.to);
        let target = resident.as_ref().map(|resident| resident.id());
        let asker = RemoteCaller::new(envelope, sink, origin.into(), target);
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
