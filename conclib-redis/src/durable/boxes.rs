//! Mailboxes that a system owns.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use conclib_core::wire::Name;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::host::{Host, Wake};
use super::owner;
use crate::endpoint::{Endpoint, Listener, Phase, Served};
use crate::error::RedisError;

/// Mailboxes of the names of one system.
struct Boxes {
    host: Host,
    /// Wakes of the mailboxes whose tasks run.
    running: Mutex<HashMap<Box<str>, Arc<Wake>>>,
    /// Names that may have messages.
    notices: mpsc::UnboundedSender<Box<str>>,
    missed: Notify,
}

impl Boxes {
    /// Returns the mailboxes of a system, and the notices for them.
    fn new(
        endpoint: Arc<Endpoint>,
        served: Served,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Box<str>>), RedisError> {
        let (notices, received) = mpsc::unbounded_channel();
        let boxes = Self {
            host: Host::new(endpoint, served)?,
            running: Mutex::default(),
            notices,
            missed: Notify::new(),
        };
        Ok((Arc::new(boxes), received))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Wake>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the task of a mailbox, if one runs.
    fn wake(&self, urn: &str) {
        if let Some(wake) = self.lock().get(urn) {
            wake.0.notify_one();
        }
    }

    /// Begins the task of a mailbox; one that runs is woken.
    fn begin(
        self: &Arc<Self>,
        urn: Box<str>,
        tasks: &mut JoinSet<Box<str>>,
        phases: &watch::Receiver<Phase>,
    ) {
        let wake = {
            let mut running = self.lock();
            if let Some(wake) = running.get(&urn) {
                wake.0.notify_one();
                return;
            }
            let wake = Arc::new(Wake::default());
            running.insert(urn.clone(), wake.clone());
            wake
        };
        let (boxes, phases) = (self.clone(), phases.clone());
        tasks.spawn(async move {
            owner::run(&boxes.host, &urn, wake, phases).await;
            urn
        });
    }
}

impl Listener for Boxes {
    fn message(&self, payload: Bytes) {
        let urn = std::str::from_utf8(&payload).ok();
        // Only the owner of the name needs to look.
        if let Some(urn) = urn.filter(|urn| self.host.inlet.find(urn).is_some()) {
            let _ = self.notices.send(urn.into());
        }
    }

    fn missed(&self) {
        self.missed.notify_one();
    }
}

/// Owns the mailboxes of the names of a system, until the phase is no longer
/// [`Serving`](Phase::Serving). Turns that run then are waited for until it is
/// [`Closing`](Phase::Closing); later their messages come again.
pub(crate) async fn run(endpoint: Arc<Endpoint>, served: Served, phases: watch::Receiver<Phase>) {
    let (boxes, mut notices) = match Boxes::new(endpoint, served) {
        Ok(made) => made,
        Err(error) => {
            tracing::error!(target: "conclib::redis", %error, "durable messages are not served");
            return;
        }
    };
    let listener: Weak<Boxes> = Arc::downgrade(&boxes);
    let channel = boxes.host.endpoint.mail_channel();
    if let Err(error) = boxes.host.endpoint.listen(channel, listener).await {
        tracing::warn!(target: "conclib::redis", %error, "mailboxes are owned after the next connection");
    }
    let mut names = boxes.host.inlet.names();
    let mut claimed = HashSet::new();
    let mut tasks = JoinSet::new();
    let mut ending = phases.clone();
    let ending = async move {
        // A sender that is gone serves no more.
        let _ = ending.wait_for(|phase| *phase != Phase::Serving).await;
    };
    let mut ending = std::pin::pin!(ending);
    loop {
        tokio::select! {
            () = &mut ending => break,
            name = names.next() => match name {
                Name::Claimed(urn) => {
                    let urn: Box<str> = urn.as_str().into();
                    claimed.insert(urn.clone());
                    boxes.begin(urn, &mut tasks, &phases);
                }
                Name::Released(urn) => {
                    claimed.remove(urn.as_str());
                    boxes.wake(urn.as_str());
                }
            },
            Some(urn) = notices.recv() => boxes.begin(urn, &mut tasks, &phases),
            () = boxes.missed.notified() => {
                for urn in &claimed {
                    boxes.begin(urn.clone(), &mut tasks, &phases);
                }
            }
            Some(ended) = tasks.join_next() => {
                if let Ok(urn) = ended {
                    let wake = boxes.lock().remove(&urn);
                    // A notice that came meanwhile is not lost.
                    if wake.is_some_and(|wake| wake.was_woken()) {
                        boxes.begin(urn, &mut tasks, &phases);
                    }
                }
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}
