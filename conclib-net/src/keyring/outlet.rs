//! Way to one system by the client of its address.

use std::sync::Arc;

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Answerer, Envelope, Home, NodeId, Outage, Outlet, RefScope, RequestId, Room, SendRefused,
};

use crate::Client;

/// Outlet of references to one system: sends nothing before the system at the
/// address has said that it is that one.
pub(super) struct KnownSystem {
    client: Arc<Client>,
    node: NodeId,
}

impl KnownSystem {
    pub(super) fn new(client: Arc<Client>, node: NodeId) -> Self {
        Self { client, node }
    }
}

/// Returns the failure of requests if another system than `node` has answered.
fn check(client: &Client, node: NodeId) -> Result<(), Failure> {
    match client.peer() {
        Some(home) if home.node != node => {
            let url = client.url();
            let text = format!(
                "the system {node} of the reference is not the one that `{url}` leads to now: it was started \
                 anew, or the address map is wrong; get a new reference"
            );
            Err(Failure::Unsupported(text.into(), Delivery::NotDelivered))
        }
        _ => Ok(()),
    }
}

impl Outlet for KnownSystem {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        match self.client.peer() {
            Some(home) if home.node == self.node => self.client.send(envelope, answerer),
            // The reason comes from `room`.
            _ => Err((SendRefused::Busy, answerer)),
        }
    }

    fn room(&self, to: &str) -> Room {
        let (client, node, to) = (self.client.clone(), self.node, to.to_owned());
        Box::pin(async move {
            client.greeted().await;
            check(&client, node)?;
            client.room(&to).await
        })
    }

    fn cancel(&self, id: RequestId) {
        self.client.cancel(id);
    }

    fn waits(&self, id: RequestId, chain: &[u8]) {
        self.client.waits(id, chain);
    }

    fn outage(&self) -> Option<Outage> {
        self.client.outage()
    }

    fn next_id(&self) -> RequestId {
        self.client.next_id()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.client.scope()
    }

    fn peer(&self) -> Option<Home> {
        self.client.peer()
    }
}
