//! Rig whose messages are all delivered at least once.

use std::sync::Arc;

use conclib_core::System;
use conclib_core::wire::{
    Answerer, Broker, DeliveryClass, Envelope, Inlet, Outage, Outlet, RefScope, RequestId, Room,
    SendRefused,
};
use conclib_testing::conformance::{BoxFuture, Link, Rig, Supports};

/// The same, with all messages delivered at least once.
#[derive(Default)]
pub struct Durable<R>(pub R);

impl<R: Rig> Rig for Durable<R> {
    fn supports(&self) -> Supports {
        let mut supports = self.0.supports();
        supports.streams = false;
        supports.stores_messages = true;
        supports
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        self.0.serve(inlet)
    }

    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>> {
        Box::pin(async {
            let link = self.0.connect(own).await;
            let outlet = Arc::new(AtLeastOnce(link.outlet()));
            Box::new(DurableLink { link, outlet }) as Box<dyn Link>
        })
    }
}

struct DurableLink {
    link: Box<dyn Link>,
    outlet: Arc<dyn Outlet>,
}

impl Link for DurableLink {
    fn outlet(&self) -> Arc<dyn Outlet> {
        self.outlet.clone()
    }

    fn cut(&self) -> BoxFuture<'_, ()> {
        self.link.cut()
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        self.link.restore()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.link.close()
    }
}

/// Outlet that has all messages delivered at least once.
struct AtLeastOnce(Arc<dyn Outlet>);

impl Outlet for AtLeastOnce {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        // Control requests have no class that a sender could choose.
        let class = match envelope.message.starts_with("conclib:") {
            true => envelope.class,
            false => DeliveryClass::AtLeastOnce,
        };
        self.0.send(&Envelope { class, ..*envelope }, answerer)
    }

    fn room(&self, to: &str) -> Room {
        self.0.room(to)
    }

    fn cancel(&self, id: RequestId) {
        self.0.cancel(id);
    }

    fn outage(&self) -> Option<Outage> {
        self.0.outage()
    }

    fn supports(&self, class: DeliveryClass) -> bool {
        self.0.supports(class)
    }

    fn next_id(&self) -> RequestId {
        self.0.next_id()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.0.scope()
    }
}
