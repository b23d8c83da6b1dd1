//! Opens links: the sessions with proxies.

use std::sync::Arc;

use conclib_core::wire::Origin;
use conclib_net::{LinkLimits, Session};

use super::Router;
use super::table::{Link, spawn};
use crate::endpoint::EndOnDrop;
use crate::error::RedisError;

impl Router {
    /// Returns the link to the proxy with that inbox; `None` if it cannot be made.
    pub(super) async fn link(&self, inbox: Arc<str>) -> Option<Arc<Link>> {
        let slot = self
            .lock()
            .links
            .0
            .entry(inbox.clone())
            .or_default()
            .clone();
        let mut slot = slot.lock().await;
        if let Some(link) = slot.as_ref().filter(|link| !link.session.is_closed()) {
            return Some(link.clone());
        }
        match self.open(&inbox).await {
            Ok(link) => {
                slot.clone_from(&link);
                if link.is_none() {
                    self.lock().links.0.remove(&inbox);
                }
                link
            }
            Err(error) => {
                tracing::debug!(target: "conclib::redis", %error, "no session with a proxy");
                self.lock().links.0.remove(&inbox);
                None
            }
        }
    }

    /// Opens a session, and spawns its task.
    async fn open(&self, inbox: &Arc<str>) -> Result<Option<Arc<Link>>, RedisError> {
        let Some(opened) = self.endpoint.open(inbox).await? else {
            return Ok(None);
        };
        let origin = Origin::Peer(self.endpoint.url.to_string().into());
        let session = Session::new(origin, LinkLimits::default())?.with_scope(self.scope());
        if let Some(served) = self.endpoint.served() {
            session.serve(&served.inlet, &self.endpoint.url.to_string());
        }
        opened.pipe.carries(&session);
        let link = Arc::new(Link {
            session: session.clone(),
        });
        let (router, inbox) = (self.me.clone(), inbox.clone());
        let end = EndOnDrop(session);
        let session = async move {
            let (reader, writer) = opened.pipe.split();
            let ended = end.0.run(reader, writer).await;
            tracing::debug!(target: "conclib::redis", "the session with a proxy has ended: {ended}");
            drop(end);
            if let Some(router) = router.upgrade() {
                router.lock().links.0.remove(&inbox);
            }
            opened.pipe.close().await;
        };
        Ok(self.lock().tasks.as_mut().map(|tasks| {
            spawn(&mut tasks.sessions, session, &self.runtime);
            link
        }))
    }
}
