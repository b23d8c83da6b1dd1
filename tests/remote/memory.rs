//! Link between two systems of one process: hands encoded bytes from one to the
//! other, and carries references.

use std::collections::HashMap;
use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use conclib::prelude::*;
use conclib::spi::{
    Answered, Answerer, Cancellation, Exported, Home, Imported, Inlet, KeepAlive, Lease, NodeId,
    Origin, Outcome, Outlet, RefError, RefScope, Remote, ReplySink, Room, SendRefused, enter,
    exported,
};
use conclib::traits::Travels;
use conclib::wire::{Codec, DeliveryClass, Envelope, RequestId, ResponseEnvelope, Wants};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Number of actors that one end keeps for the other.
pub const MAX_EXPORTS: usize = 100;

/// One end of the link.
pub struct End {
    inlet: Inlet,
    node: NodeId,
    me: Weak<Self>,
    peer: OnceLock<NodeId>,
    out: UnboundedSender<Frame>,
    next: AtomicU64,
    cut: AtomicBool,
    pending: Mutex<HashMap<RequestId, Answerer>>,
    serving: Mutex<HashMap<RequestId, Option<Cancellation>>>,
    /// Actors that are kept alive for the peer, by their keys.
    kept: Mutex<HashMap<u64, Exported>>,
    /// Keys of the peer in bodies that are being handled.
    offered: Mutex<HashMap<u64, Lease>>,
}

enum Frame {
    Request(Request, Vec<u64>),
    Response(ResponseEnvelope, Vec<u64>),
    Cancel(RequestId),
    Release(u64),
}

/// Envelope with its own bytes.
struct Request {
    id: RequestId,
    to: String,
    message: String,
    timeout: Duration,
    codec: Codec,
    fingerprint: u64,
    wants: Wants,
    class: DeliveryClass,
    attempt: u32,
    priority: Option<u8>,
    chain: Vec<u8>,
    body: Vec<u8>,
}

/// Connects two systems.
pub fn connect(one: &System, other: &System) -> (Arc<End>, Arc<End>) {
    connect_inlets((one.inlet(), one.node()), (other.inlet(), other.node()))
}

/// Connects two inlets of systems with these ids.
pub fn connect_inlets(one: (Inlet, NodeId), other: (Inlet, NodeId)) -> (Arc<End>, Arc<End>) {
    let (to_other, from_one) = unbounded_channel();
    let (to_one, from_other) = unbounded_channel();
    let one = End::new(one, to_other);
    let other = End::new(other, to_one);
    one.peer.set(other.node).unwrap();
    other.peer.set(one.node).unwrap();
    tokio::spawn(pump(from_one, Arc::downgrade(&other)));
    tokio::spawn(pump(from_other, Arc::downgrade(&one)));
    (one, other)
}

async fn pump(mut frames: UnboundedReceiver<Frame>, end: Weak<End>) {
    while let Some(frame) = frames.recv().await {
        let Some(end) = end.upgrade() else { return };
        end.receive(frame);
        // The actors run between two frames, as with a slow link.
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }
}

impl End {
    fn new((inlet, node): (Inlet, NodeId), out: UnboundedSender<Frame>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            inlet,
            node,
            me: me.clone(),
            peer: OnceLock::new(),
            out,
            next: AtomicU64::new(1),
            cut: AtomicBool::new(false),
            pending: Mutex::default(),
            serving: Mutex::default(),
            kept: Mutex::default(),
            offered: Mutex::default(),
        })
    }

    /// Far reference to the peer's actor of that name.
    pub fn actor<A: Travels>(&self, urn: &str) -> ActorRef<A> {
        ActorRef::remote(Remote::new(self.me.upgrade().unwrap(), Urn::new(urn)))
    }

    /// Loses the connection, at this end.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        let pending: Vec<_> = self.pending.lock().unwrap().drain().collect();
        for (_, answerer) in pending {
            answerer.answer(Err(conclib::__private::Failure::Disconnected(
                Delivery::MayHaveRun,
            )));
        }
        let serving: Vec<_> = self.serving.lock().unwrap().drain().collect();
        for (_, cancellation) in serving {
            if let Some(cancellation) = cancellation {
                cancellation.cancel();
            }
        }
        let kept: Vec<_> = self.kept.lock().unwrap().drain().collect();
        drop(kept);
    }

    /// Number of actors that are kept alive for the peer.
    pub fn kept(&self) -> usize {
        self.kept.lock().unwrap().len()
    }

    /// Number of requests that wait for their answers.
    pub fn pending(&self) -> usize {
        self.pending.lock().unwrap().len()
    }

    /// Keeps the actors of the body that was just encoded, and returns their keys.
    fn keep(&self) -> Vec<u64> {
        let mut keys = Vec::new();
        let mut kept = self.kept.lock().unwrap();
        for actor in exported().into_iter().filter(|actor| actor.key() > 0) {
            keys.push(actor.key());
            kept.insert(actor.key(), actor);
        }
        keys
    }

    fn offer(&self, keys: &[u64]) {
        let mut offered = self.offered.lock().unwrap();
        for &key in keys {
            let out = self.out.clone();
            let release = move || drop(out.send(Frame::Release(key)));
            offered.insert(key, Lease::new(release));
        }
    }

    fn withdraw(&self, keys: &[u64]) {
        let leases: Vec<_> = {
            let mut offered = self.offered.lock().unwrap();
            keys.iter().map(|key| offered.remove(key)).collect()
        };
        drop(leases);
    }

    fn receive(self: Arc<Self>, frame: Frame) {
        match frame {
            Frame::Request(request, keys) => {
                self.offer(&keys);
                self.serving.lock().unwrap().insert(request.id, None);
                let sink = Arc::new(Sink {
                    end: self.clone(),
                    keys,
                });
                let origin = Origin::Peer("memory".into());
                let id = request.id;
                let handle = self.inlet.deliver(&request.envelope(), sink, origin);
                if let Some(entry) = self.serving.lock().unwrap().get_mut(&id) {
                    *entry = handle;
                }
            }
            Frame::Response(response, keys) => {
                self.offer(&keys);
                let answerer = self.pending.lock().unwrap().remove(&response.id);
                if let Some(answerer) = answerer {
                    enter(self.scope(), || {
                        answerer.answer(Ok(Answered::from(response.as_response())));
                    });
                }
                self.withdraw(&keys);
            }
            Frame::Cancel(id) => {
                let serving = self.serving.lock().unwrap().remove(&id).flatten();
                if let Some(cancellation) = serving {
                    cancellation.cancel();
                }
            }
            Frame::Release(key) => {
                let actor = self.kept.lock().unwrap().remove(&key);
                drop(actor);
            }
        }
    }
}

impl Request {
    fn of(envelope: &Envelope<'_>) -> Self {
        Self {
            id: envelope.id,
            to: envelope.to.to_owned(),
            message: envelope.message.to_owned(),
            timeout: envelope.timeout,
            codec: envelope.codec,
            fingerprint: envelope.fingerprint,
            wants: envelope.wants,
            class: envelope.class,
            attempt: envelope.attempt,
            priority: envelope.priority,
            chain: envelope.chain.to_vec(),
            body: envelope.body.to_vec(),
        }
    }

    fn envelope(&self) -> Envelope<'_> {
        Envelope {
            id: self.id,
            to: &self.to,
            message: &self.message,
            timeout: self.timeout,
            trace: "",
            codec: self.codec,
            fingerprint: self.fingerprint,
            wants: self.wants,
            class: self.class,
            attempt: self.attempt,
            priority: self.priority,
            chain: &self.chain,
            body: &self.body,
        }
    }
}

impl Outlet for End {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        if self.cut.load(Ordering::SeqCst) {
            return Err((SendRefused::Closed, answerer));
        }
        self.pending.lock().unwrap().insert(envelope.id, answerer);
        let _ = self
            .out
            .send(Frame::Request(Request::of(envelope), self.keep()));
        Ok(())
    }

    fn room(&self, _: &str) -> Room {
        Box::pin(ready(Ok(())))
    }

    fn cancel(&self, id: RequestId) {
        let answerer = self.pending.lock().unwrap().remove(&id);
        if answerer.is_some() {
            let _ = self.out.send(Frame::Cancel(id));
        }
    }

    fn next_id(&self) -> RequestId {
        RequestId::from_u128(self.next.fetch_add(1, Ordering::Relaxed).into())
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        Some(self.me.upgrade()?)
    }

    fn peer(&self) -> Option<Home> {
        self.peer.get().map(|node| Home::new(*node, ""))
    }
}

impl RefScope for End {
    fn node(&self) -> Option<NodeId> {
        Some(self.node)
    }

    fn export(&self, actor: &Exported) -> Result<Home, RefError> {
        let home = actor.home().clone();
        let goes_home = Some(&home.node) == self.peer.get();
        if goes_home || actor.keep_alive().is_none() {
            return Ok(home.with_key(0));
        }
        if self.kept() >= MAX_EXPORTS {
            return Err(RefError::TooMany { limit: MAX_EXPORTS });
        }
        Ok(home.with_key(self.next.fetch_add(1, Ordering::Relaxed)))
    }

    fn import(&self, urn: &Urn, home: &Home, weak: bool) -> Result<Imported, RefError> {
        if Some(&home.node) != self.peer.get() {
            return Err(RefError::NoConnection {
                urn: urn.clone(),
                node: home.node,
                url: home.url.clone(),
            });
        }
        let lease = self.offered.lock().unwrap().get(&home.key).cloned();
        if lease.is_none() && !weak {
            return Err(RefError::NotExported { urn: urn.clone() });
        }
        let outlet = self.me.upgrade().unwrap();
        Ok(Imported { outlet, lease })
    }

    fn held(&self, key: u64) -> Option<KeepAlive> {
        let kept = self.kept.lock().unwrap();
        kept.get(&key)?.keep_alive().cloned()
    }
}

/// Sink of the answer to one request.
struct Sink {
    end: Arc<End>,
    keys: Vec<u64>,
}

impl ReplySink for Sink {
    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
        let (response, stream) = outcome.into_response(id, codec);
        assert!(stream.is_none(), "this link has no streams");
        self.end.withdraw(&self.keys);
        self.end.serving.lock().unwrap().remove(&id);
        let _ = self
            .end
            .out
            .send(Frame::Response(response, self.end.keep()));
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        Some(self.end.clone())
    }
}
