//! Routes: the proxies of a name.

use std::sync::Arc;

use conclib_core::wire::{Failure, Found, Outlet};
use tokio::sync::watch;

use super::link::Link;
use super::{MAX_ROUTES, Router, State};
use crate::endpoint::{Answers, Finding};

/// Proxies of a name.
pub(super) enum Route {
    /// A search is under way. Its result is for those that wait.
    Searching(watch::Receiver<Option<Result<(), Failure>>>),
    /// Sessions with the proxies of the name, and the turn of the next one.
    Known(Vec<Arc<Link>>, usize),
}

impl Route {
    /// Returns the session for the next request; `None` while there is none.
    pub(super) fn next(&mut self) -> Option<Arc<Link>> {
        let Self::Known(links, turn) = self else {
            return None;
        };
        links.retain(|link| !link.session.is_closed());
        *turn = turn.wrapping_add(1);
        let at = *turn % links.len().max(1);
        links.get(at).cloned()
    }
}

impl Router {
    /// Forgets the proxies of a name.
    pub(super) fn forget(&self, urn: &str) {
        let mut state = self.lock();
        if matches!(state.routes.get(urn), Some(Route::Known(..))) {
            state.routes.remove(urn);
        }
    }

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
            let mut search = match link {
                // A session that ends wakes those that wait for it.
                Ok(link) => return link.session.room(urn).await,
                Err(Some(search)) => search,
                // The router is closed, as the next send says.
                Err(None) => return Ok(()),
            };
            match search.wait_for(Option::is_some).await.as_deref() {
                Ok(Some(Ok(()))) => {}
                Ok(Some(Err(failure))) => return Err(failure.clone()),
                // The search was ended.
                Ok(None) | Err(_) => return Ok(()),
            }
        }
    }

    /// Begins a search for a name, unless one is under way. `None` if the router is closed.
    pub(super) fn search(
        &self,
        state: &mut State,
        urn: &str,
    ) -> Option<watch::Receiver<Option<Result<(), Failure>>>> {
        if let Some(Route::Searching(result)) = state.routes.get(urn) {
            return Some(result.clone());
        }
        let (send, result) = watch::channel(None);
        let (router, name): (_, Box<str>) = (self.me.clone(), urn.into());
        let endpoint = self.endpoint.clone();
        let is_spawned = self.spawn(state, async move {
            loop {
                // The router is not kept alive by a search.
                let Some(answers) = endpoint.find(&name).await else {
                    return;
                };
                let Some(router) = router.upgrade() else {
                    return;
                };
                let result = match answers {
                    Answers::Found(owners) => router.reach(&name, owners).await.then_some(Ok(())),
                    Answers::Nobody(failure) => {
                        router.lock().routes.remove(&name);
                        Some(Err(failure))
                    }
                    Answers::Unknown => None,
                };
                if result.is_some() {
                    send.send_replace(result);
                    return;
                }
            }
        });
        if !is_spawned {
            return None;
        }
        if state.routes.len() >= MAX_ROUTES {
            state
                .routes
                .retain(|_, route| matches!(route, Route::Searching(_)));
        }
        state
            .routes
            .insert(urn.into(), Route::Searching(result.clone()));
        Some(result)
    }

    /// Opens sessions with the owners of a name. False if none is there any more.
    async fn reach(&self, urn: &str, mut owners: Vec<Finding>) -> bool {
        let is_pool = owners.iter().any(|owner| owner.found == Some(Found::Pool));
        if !is_pool {
            // All clients choose the same one.
            owners.sort_by_key(|owner| owner.node);
            if owners.len() > 1 {
                tracing::warn!(
                    target: "conclib::redis", urn, proxies = owners.len(),
                    "several systems have an actor of this name; the one of {} is asked", owners[0].node,
                );
            }
            owners.truncate(1);
        }
        let mut links = Vec::new();
        for owner in owners {
            links.extend(self.link(owner.inbox).await);
        }
        if links.is_empty() {
            return false;
        }
        self.lock()
            .routes
            .insert(urn.into(), Route::Known(links, 0));
        true
    }
}
