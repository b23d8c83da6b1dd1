//! Way to systems of third processes, to which references in messages lead.

use std::sync::{Arc, OnceLock};

use conclib_core::Urn;
use conclib_core::wire::{Home, Inlet, NodeId, Outlet};

/// Connector to the systems that the user has permitted.
pub(crate) trait Connector: Send + Sync {
    /// Returns the connection to a system, for references that came in with its
    /// address; `None` if the address is not permitted. Nothing is waited for.
    /// Actors of `inlet` may be called back over a new connection.
    fn connection(&self, home: &Home, inlet: &Inlet) -> Option<Arc<dyn Outlet>>;
}

/// Connector of a system, kept with it.
#[derive(Default)]
pub(crate) struct ThirdParties(pub(crate) OnceLock<Arc<dyn Connector>>);

/// Finder of shorter ways to the actors of other processes of the family: each that the peer of a
/// session only relays to.
pub trait Introducer: Send + Sync {
    /// Returns the way to an actor of a third process. Requests take `relay` until there is a shorter
    /// one. Nothing is waited for.
    fn introduced(&self, urn: &Urn, node: NodeId, relay: Arc<dyn Outlet>) -> Arc<dyn Outlet>;
}

/// Introducer of a system, kept with it.
#[derive(Default)]
pub(crate) struct IntroducerSlot(pub(crate) OnceLock<Arc<dyn Introducer>>);
