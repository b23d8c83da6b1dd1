//! Searches for the proxies of a name.

use std::sync::Weak;

use conclib_core::wire::{Failure, Found, Outlet as _};
use tokio::sync::{mpsc, watch};

use super::Router;
use super::moved::MovedQueue;
use super::table::{Known, Route, Search, State, spawn};
use crate::endpoint::{Answers, Endpoint, Finding};

/// Maximum number of names whose proxies are kept; at the limit all are forgotten, and found
/// again.
const MAX_ROUTES: usize = 16 * 1024;

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

    /// Begins a search for a name, unless one is under way. `None` if the router is closed.
    pub(super) fn search(&self, state: &mut State, urn: &str) -> Option<Search> {
        if let Some(Route::Searching(search)) = state.routes.get(urn) {
            return Some(search.clone());
        }
        let (send, result) = watch::channel(None);
        let (moved, incoming) = mpsc::unbounded_channel();
        let (router, name): (_, Box<str>) = (self.me.clone(), urn.into());
        let endpoint = self.endpoint.clone();
        let tasks = state.tasks.as_mut()?;
        let search = async move {
            let mut moved = MovedQueue::new(router.clone(), incoming);
            let result = tokio::select! {
                result = find(&endpoint, &router, &name) => result,
                never = moved.keep() => match never {},
            };
            // The router is not kept alive by a search.
            let (Some(result), Some(router)) = (result, router.upgrade()) else {
                return;
            };
            let result = router.end_search(&name, result, moved).await;
            send.send_replace(Some(result));
        };
        spawn(&mut tasks.searches, search, &self.runtime);
        if state.routes.len() >= MAX_ROUTES {
            state
                .routes
                .retain(|_, route| matches!(route, Route::Searching(_)));
        }
        let search = Search { result, moved };
        state
            .routes
            .insert(urn.into(), Route::Searching(search.clone()));
        Some(search)
    }

    /// Notes the result of a search, after the requests that are sent anew.
    async fn end_search(
        &self,
        urn: &str,
        mut result: Result<Known, Failure>,
        mut moved: MovedQueue,
    ) -> Result<(), Failure> {
        loop {
            let requests = {
                let mut state = self.lock();
                // Requests are added under the lock.
                let requests = moved.take();
                match result {
                    Ok(known) if requests.is_empty() => {
                        state.routes.insert(urn.into(), Route::Known(known));
                        return Ok(());
                    }
                    Err(_) => drop(state.routes.remove(urn)),
                    Ok(_) => {}
                }
                requests
            };
            match &mut result {
                Ok(known) => self.resend(urn, known, requests).await,
                Err(failure) => {
                    self.fail(requests, failure);
                    return Err(failure.clone());
                }
            }
        }
    }

    /// Opens sessions with the owners of a name. `None` if none is there any more.
    async fn reach(&self, urn: &str, mut owners: Vec<Finding>) -> Option<Known> {
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
        (!links.is_empty()).then(|| Known::new(links))
    }
}

/// Finds a name, and opens sessions with its proxies. `None` if the router is closed first.
async fn find(
    endpoint: &Endpoint,
    router: &Weak<Router>,
    urn: &str,
) -> Option<Result<Known, Failure>> {
    loop {
        match endpoint.find(urn).await? {
            Answers::Found(owners) => {
                if let Some(known) = router.upgrade()?.reach(urn, owners).await {
                    return Some(Ok(known));
                }
            }
            Answers::Nobody(failure) => return Some(Err(failure)),
            Answers::Unknown => {}
        }
    }
}
