//! Router: the way from this process to the actors of all proxies of a namespace.

mod link;
mod moved;
mod scope;
mod search;
mod table;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use conclib_core::wire::{
    Answerer, DeliveryClass, Envelope, Home, NodeId, Outage, Outlet, RefScope, RequestId, Room,
    SendRefused,
};
use conclib_net::RequestIds;
use tokio::runtime::Handle;

use self::scope::NamedActors;
use self::table::{Links, Route, State, Tasks};
use crate::durable::Sender;
use crate::endpoint::Endpoint;
use crate::error::RedisError;
use crate::runtime;
use crate::signer::random;

/// Way to the actors of all proxies of a namespace. Finds the proxy of a name at the first request
/// to it, and keeps a session with each proxy that it has found.
pub(crate) struct Router {
    pub(crate) endpoint: Arc<Endpoint>,
    ids: RequestIds,
    runtime: Handle,
    scope: Arc<NamedActors>,
    /// Way of the messages that are delivered at least once.
    durable: Arc<Sender>,
    me: Weak<Self>,
    state: Mutex<State>,
}

impl Router {
    pub(crate) fn new(endpoint: Arc<Endpoint>) -> Result<Arc<Self>, RedisError> {
        let runtime = runtime::current()?;
        let ids = RequestIds::new()?;
        let sender = u128::from_be_bytes(random()?);
        Ok(Arc::new_cyclic(|me: &Weak<Self>| {
            let scope = Arc::new(NamedActors::new(me.clone(), &endpoint));
            let bodies: Weak<NamedActors> = Arc::downgrade(&scope);
            Self {
                durable: Sender::new(endpoint.clone(), sender, runtime.clone(), bodies),
                scope,
                endpoint,
                ids,
                runtime,
                me: me.clone(),
                state: Mutex::new(State {
                    routes: HashMap::new(),
                    links: Links::default(),
                    moved: HashSet::new(),
                    tasks: Some(Tasks::default()),
                }),
            }
        }))
    }

    /// Returns the scope of the bodies in this namespace.
    pub(crate) fn scope(&self) -> Arc<dyn RefScope> {
        self.scope.clone()
    }

    /// Sends no new requests, and those that are queued; ends all sessions.
    pub(crate) async fn close(&self) {
        self.durable.close().await;
        let (links, tasks) = {
            let mut state = self.lock();
            state.routes.clear();
            (state.links.all(), state.tasks.take())
        };
        for link in links {
            link.session.close();
        }
        if let Some(mut tasks) = tasks {
            tasks.searches.shutdown().await;
            // A session ends once its last requests are sent.
            while tasks.sessions.join_next().await.is_some() {}
        }
    }

    /// Ends all sessions at once.
    pub(crate) fn end(&self) {
        self.durable.end();
        let tasks = {
            let mut state = self.lock();
            state.routes.clear();
            state.tasks.take()
        };
        // Each session ends with its task.
        drop(tasks);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet for Router {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        if envelope.class == DeliveryClass::AtLeastOnce {
            return self.durable.send(envelope, answerer);
        }
        let link = {
            let mut state = self.lock();
            if state.tasks.is_none() {
                return Err((SendRefused::Closed, answerer));
            }
            match state.routes.get_mut(envelope.to).map(Route::next) {
                Some(Some(link)) => link,
                // A proxy is searched, or has to be.
                _ => {
                    self.search(&mut state, envelope.to);
                    return Err((SendRefused::Busy, answerer));
                }
            }
        };
        let follow = |answerer| self.follow(envelope, &link, answerer);
        match link.session.send_wrapped(envelope, answerer, follow) {
            // The session has just ended: another one is made.
            Err((SendRefused::Closed, answerer)) => {
                self.lock().forget(envelope.to, &Arc::downgrade(&link));
                Err((SendRefused::Busy, answerer))
            }
            sent => sent,
        }
    }

    fn room(&self, to: &str) -> Room {
        let (router, to): (_, Box<str>) = (self.me.upgrade(), to.into());
        Box::pin(async move {
            match router {
                Some(router) => router.wait_for_room(&to).await,
                None => Ok(()),
            }
        })
    }

    fn cancel(&self, id: RequestId) {
        self.durable.cancel(id);
        let links = {
            let mut state = self.lock();
            state.moved.remove(&id);
            state.links.all()
        };
        for link in links {
            link.session.cancel(id);
        }
    }

    fn waits(&self, id: RequestId, chain: &[u8]) {
        for link in self.lock().links.all() {
            link.session.waits(id, chain);
        }
    }

    fn outage(&self) -> Option<Outage> {
        self.endpoint.outage()
    }

    fn supports(&self, _: DeliveryClass) -> bool {
        true
    }

    fn next_id(&self) -> RequestId {
        self.ids.next()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        Some(self.scope.clone())
    }

    /// Returns the namespace: an actor in it is found by its name.
    fn peer(&self) -> Option<Home> {
        Some(self.scope.home(NodeId::from_bits(0)))
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("url", &self.endpoint.url)
            .finish_non_exhaustive()
    }
}
