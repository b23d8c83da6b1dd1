//! Scope of the bodies in a namespace: references to named actors travel, and keep nobody alive.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use conclib_core::Urn;
use conclib_core::wire::{Exported, Home, Imported, NodeId, Outlet, RefError, RefScope};

use super::Router;
use crate::endpoint::Endpoint;

/// Scope of the bodies in a namespace. An actor is found by its name, wherever it is.
pub(super) struct NamedActors {
    router: Weak<Router>,
    endpoint: Weak<Endpoint>,
    /// URL of the namespace, without a password.
    url: Box<str>,
    /// Systems whose references came in. Their URLs of the namespace may differ from that of this
    /// process: another user, a socket in place of a port.
    met: Mutex<HashSet<NodeId>>,
}

/// Maximum number of systems that are remembered; at the limit all are forgotten.
const MAX_MET: usize = 4096;

impl NamedActors {
    pub(super) fn new(router: Weak<Router>, endpoint: &Arc<Endpoint>) -> Self {
        let url = endpoint.url.to_string().into();
        Self {
            router,
            endpoint: Arc::downgrade(endpoint),
            url,
            met: Mutex::default(),
        }
    }

    fn lock_met(&self) -> MutexGuard<'_, HashSet<NodeId>> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the address of the actors of a system in this namespace.
    pub(super) fn home(&self, node: NodeId) -> Home {
        Home::new(node, self.url.clone())
    }
}

impl RefScope for NamedActors {
    fn node(&self) -> Option<NodeId> {
        let endpoint = self.endpoint.upgrade()?;
        endpoint.served().map(|served| served.inlet.node())
    }

    fn export(&self, actor: &Exported) -> Result<Home, RefError> {
        let urn = actor.urn().clone();
        if urn.is_anonymous() {
            return Err(RefError::Anonymous { urn });
        }
        let home = actor.home();
        let is_reachable = match actor.is_local() {
            true => self.node() == Some(home.node),
            false => home.url == self.url || self.lock_met().contains(&home.node),
        };
        match is_reachable {
            true => Ok(self.home(home.node)),
            false => Err(RefError::NoAddress { urn }),
        }
    }

    fn import(&self, urn: &Urn, home: &Home, _: bool) -> Result<Imported, RefError> {
        match self.router.upgrade() {
            Some(router) => {
                let mut met = self.lock_met();
                if met.len() >= MAX_MET {
                    met.clear();
                }
                met.insert(home.node);
                drop(met);
                Ok(Imported {
                    outlet: router as Arc<dyn Outlet>,
                    lease: None,
                })
            }
            None => Err(RefError::NoConnection {
                urn: urn.clone(),
                node: home.node,
                url: home.url.clone(),
            }),
        }
    }
}
