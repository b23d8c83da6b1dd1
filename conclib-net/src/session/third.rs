//! Way to systems of third processes, to which references in messages lead.

use std::sync::{Arc, OnceLock};

use conclib_core::wire::{Home, Inlet, Outlet};

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
