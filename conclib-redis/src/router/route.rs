//! Routes: the proxies of a name.

use std::sync::{Arc, Weak};

use conclib_core::wire::{Failure, Outlet as _};

use super::link::Link;
use super::search::Search;
use super::{Router, State};

/// Proxies of a name.
pub(super) enum Route {
    Searching(Search),
    Known(Known),
}

/// Sessions with the proxies of a name, and the turn of the next one.
pub(super) struct Known {
    links: Vec<Arc<Link>>,
    turn: usize,
}

impl Known {
    pub(super) fn new(links: Vec<Arc<Link>>) -> Self {
        Self { links, turn: 0 }
    }

    /// Returns the session for the next request; `None` if all have ended.
    pub(super) fn next(&mut self) -> Option<Arc<Link>> {
        self.links.retain(|link| !link.session.is_closed());
        self.turn = self.turn.wrapping_add(1);
        let at = self.turn % self.links.len().max(1);
        self.links.get(at).cloned()
    }
}

impl Route {
    /// Returns the session for the next request; `None` while there is none.
    pub(super) fn next(&mut self) -> Option<Arc<Link>> {
        match self {
            Self::Known(known) => known.next(),
            Self::Searching(_) => None,
        }
    }
}

impl State {
    /// Forgets the proxies of a name, if `link` is to one of them.
    pub(super) fn forget(&mut self, urn: &str, link: &Weak<Link>) {
        let Some(Route::Known(known)) = self.routes.get(urn) else {
            return;
        };
        let is_link = |known: &Arc<Link>| std::ptr::eq(Arc::as_ptr(known), link.as_ptr());
        if known.links.iter().any(is_link) {
            self.routes.remove(urn);
        }
    }
}

impl Router {
    /// Waits until a request to that name is worth a try.
    pub(super) async fn wait_for_room(&self, urn: &str) -> Result<(), Failure> {
        loop {
            let link = {
                let mut state = self.lock();
                match state.routes.get_mut(urn).map(Route::next) {
                    Some(Some(link)) => Ok(link),
                    _ => Err(self.search(&mut state, urn)),
                }
            };
            let mut result = match link {
                // A session that ends wakes those that wait for it.
                Ok(link) => return link.session.room(urn).await,
                Err(Some(search)) => search.result,
                // The router is closed, as the next send says.
                Err(None) => return Ok(()),
            };
            match result.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(failure))) => return Err(failure.clone()),
                // The search was ended.
                Ok(None) | Err(_) => return Ok(()),
            }
        }
    }
}
