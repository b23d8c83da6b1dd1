//! Actor of this process that had ended when a reference to it came back.

use std::future::ready;
use std::sync::Arc;

use conclib_wire::{Envelope, Failure, Home, NodeId, RequestId, Urn};

use super::target::Remote;
use crate::spi::{Answerer, Outlet, Room, SendRefused};

/// Returns the target of a reference to an actor of the system `node` that has ended: each request
/// fails with `NoSuchActor`.
pub(crate) fn ended(urn: Urn, node: NodeId) -> Remote {
    Remote::new(Arc::new(Ended(node)), Ok(urn))
}

struct Ended(NodeId);

impl Outlet for Ended {
    fn send(&self, _: &Envelope<'_>, answerer: Answerer) -> Result<(), (SendRefused, Answerer)> {
        answerer.answer(Err(Failure::NoSuchActor));
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(ready(Ok(())))
    }

    fn cancel(&self, _: RequestId) {}

    fn next_id(&self) -> RequestId {
        RequestId::nil()
    }

    fn peer(&self) -> Option<Home> {
        Some(Home::new(self.0, ""))
    }
}
