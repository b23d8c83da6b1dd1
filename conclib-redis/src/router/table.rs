//! Table of a router: the proxies of names, the sessions with proxies, and the tasks of both.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use conclib_core::wire::{Answerer, Failure, RequestId};
use conclib_net::Session;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Table of a router, under its lock.
pub(super) struct State {
    pub(super) routes: HashMap<Box<str>, Route>,
    pub(super) links: Links,
    /// Requests that wait until they are sent anew.
    pub(super) moved: HashSet<RequestId>,
    /// `None` once closed.
    pub(super) tasks: Option<Tasks>,
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

/// Tasks of a router, which end with it.
#[derive(Default)]
pub(super) struct Tasks {
    pub(super) searches: JoinSet<()>,
    pub(super) sessions: JoinSet<()>,
}

/// Proxies of a name.
pub(super) enum Route {
    Searching(Search),
    Known(Known),
}

/// Sessions with the proxies of a name, and the turn of the next one.
pub(super) struct Known {
    pub(super) links: Vec<Arc<Link>>,
    pub(super) turn: usize,
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

/// Search that is under way.
#[derive(Clone)]
pub(super) struct Search {
    /// Result for those that wait for it.
    pub(super) result: watch::Receiver<Option<Result<(), Failure>>>,
    /// Way of the requests that are sent anew, before those that wait.
    pub(super) moved: mpsc::UnboundedSender<Moved>,
}

/// Request that is sent anew once its actor is found.
pub(super) struct Moved {
    pub(super) id: RequestId,
    pub(super) frame: Vec<u8>,
    pub(super) timeout: Duration,
    pub(super) until: Instant,
    /// `None` once it was called.
    pub(super) answerer: Option<Answerer>,
}

impl Moved {
    pub(super) fn answer(mut self, failure: Failure) {
        if let Some(answerer) = self.answerer.take() {
            answerer.answer(Err(failure));
        }
    }
}

impl Drop for Moved {
    /// Answers as the former proxy did, if the router ends before the request is sent anew.
    fn drop(&mut self) {
        if let Some(answerer) = self.answerer.take() {
            answerer.answer(Err(Failure::NoSuchActor));
        }
    }
}

/// Session with a proxy.
pub(super) struct Link {
    pub(super) session: Session,
}

/// Links by the inboxes of their proxies. A slot is locked while its link is made.
#[derive(Default)]
pub(super) struct Links(pub(super) HashMap<Arc<str>, Slot>);

type Slot = Arc<Mutex<Option<Arc<Link>>>>;

impl Links {
    /// Returns all links that are made.
    pub(super) fn all(&self) -> Vec<Arc<Link>> {
        let slots = self.0.values();
        slots
            .filter_map(|slot| slot.try_lock().ok()?.clone())
            .collect()
    }
}

/// Spawns a task on a runtime, and forgets those that have ended.
pub(super) fn spawn(
    tasks: &mut JoinSet<()>,
    task: impl Future<Output = ()> + Send + 'static,
    runtime: &Handle,
) {
    while tasks.try_join_next().is_some() {}
    tasks.spawn_on(task, runtime);
}
