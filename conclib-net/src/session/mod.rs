//! Session: the duplex conversation of two processes over one connection.
//!
//! Either end asks actors of the other, answers, streams replies, cancels, tells
//! what waits for an answer, and grants credit. A session works over any byte
//! stream: a unix socket, TCP, a socket pair, a pipe in memory. The handshake
//! comes before it, and is not its concern.
//!
//! # Floors
//!
//! A module imports only from modules of lower floors.
//!
//! 1. `clock`, `flow`, `id_map`, `ids`, `limits`, `liveness`, `third`, `trial`
//! 2. `frame_reader`, `gathering`, `ready_set`, `shares`, `spin`, `stream_buffer`
//! 3. `batches`, `open_streams`, `outbox`, `wait_queue`
//! 4. `pending`, `references`, `served`
//! 5. `state`
//! 6. `inner`
//! 7. `connection`, `outgoing`, `snapshot`; `scope`; `asking`; `reply_stream`, `serving`, `slot_waiter`, `timer`
//! 8. `stream_scheduler`
//! 9. `drive`

mod asking;
mod batches;
mod clock;
mod connection;
mod drive;
mod flow;
mod frame_reader;
mod gathering;
mod id_map;
mod ids;
mod inner;
mod limits;
mod liveness;
#[cfg(all(test, shuttle))]
mod model;
mod open_streams;
mod outbox;
mod outgoing;
mod pending;
mod ready_set;
mod references;
mod reply_stream;
mod scope;
mod served;
mod serving;
mod shares;
mod slot_waiter;
mod snapshot;
mod spin;
mod state;
mod stream_buffer;
mod stream_scheduler;
mod third;
mod timer;
mod trial;
mod via;
mod wait_queue;

use std::convert;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use conclib_core::__private::Failure;
use conclib_core::wire::{
    Answered, Answerer, Envelope, Home, Inlet, Link, NodeId, Origin, Outage, Outlet, RefScope,
    RequestId, Room, SendRefused,
};
use tokio::io::{AsyncRead, AsyncWrite};

pub use self::drive::SessionEnd;
pub use self::ids::RequestIds;
use self::inner::SessionInner;
pub use self::limits::LinkLimits;
use self::shares::Target;
use self::slot_waiter::SlotWaiter;
pub use self::snapshot::SessionStats;
pub use self::third::Introducer;
use self::third::IntroducerSlot;
pub(crate) use self::third::{Connector, ThirdParties};

/// One end of a duplex conversation with another process: the [`Outlet`] to the
/// actors there, and the way in to the actors of this process that
/// [`serve`](Self::serve) opens.
///
/// A session is cheap to clone; all clones are the same session. It is driven by
/// [`run`](Self::run), over one connection after the other if that is wanted:
/// what is sent while there is none waits for the next.
///
/// # Examples
///
/// Two systems in one process, over a pipe in memory:
///
/// ```
/// use std::sync::Arc;
///
/// use conclib::prelude::*;
/// use conclib::spi::{Origin, Remote};
/// use conclib_net::{LinkLimits, Session};
///
/// #[actor(urn = "greeter")]
/// struct Greeter;
///
/// #[actor]
/// impl Greeter {
///     #[message]
///     fn greet(&mut self, name: String) -> String {
///         format!("Hello, {name}!")
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let system = System::new("docs");
///     system.spawn(Greeter)?;
///
///     let origin = |name: &str| Origin::Peer(name.into());
///     let server = Session::new(origin("client"), LinkLimits::default())?;
///     server.serve(&system.inlet(), "");
///     let client = Session::new(origin("server"), LinkLimits::default())?;
///
///     let (one, other) = tokio::io::duplex(64 * 1024);
///     for (session, pipe) in [(server, one), (client.clone(), other)] {
///         let (reader, writer) = tokio::io::split(pipe);
///         tokio::spawn(async move { session.run(reader, writer).await });
///     }
///
///     let remote = Remote::new(Arc::new(client.clone()), Urn::new("greeter"));
///     let greeter: ActorRef<Greeter> = ActorRef::remote(remote);
///     assert_eq!(greeter.greet("Ada".into()).await?, "Hello, Ada!");
///     client.close();
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Session(Arc<SessionInner>);

impl Session {
    /// Creates a session with a peer. `origin` names the peer, for the messages
    /// that come from it.
    ///
    /// # Errors
    /// The operating system gives no random bytes, which the ids of requests
    /// need.
    pub fn new(origin: Origin, limits: LinkLimits) -> io::Result<Self> {
        SessionInner::new(origin, limits).map(Self)
    }

    /// Replaces the scope in which bodies are encoded and decoded, for a link whose
    /// references have addresses of their own. Only the first call has an effect.
    #[must_use]
    pub fn with_scope(self, scope: Arc<dyn RefScope>) -> Self {
        // A session that has a scope keeps it.
        let _ = self.0.scope.set(scope);
        self
    }

    /// Makes both ends processes of one family, which trust each other: actors of a third process
    /// to which one of them is connected are reached through it, and references to them are
    /// passed on. To be called at both ends, before anything is sent.
    pub fn trust_peer(&self) {
        self.0.is_family.store(true, Ordering::Relaxed);
    }

    /// Makes the peer the owner of this process: requests to systems that are not known here go to
    /// it. `introducer` finds shorter ways between the processes of the family, for all sessions at
    /// which the system of `inlet` is served; only the first one has an effect.
    pub fn trust_owner(&self, inlet: &Inlet, introducer: Arc<dyn Introducer>) {
        self.trust_peer();
        self.0.is_of_owner();
        // The first one stays.
        let _ = inlet.extension::<IntroducerSlot>().0.set(introducer);
    }

    /// Notes that the peer, a process of the same family, relays to the system of that id.
    pub fn leads_to(&self, node: NodeId) {
        self.0.leads_to(node);
    }

    /// Notes that the system of that id has ended.
    pub fn leads_no_more_to(&self, node: NodeId) {
        self.0.leads_no_more_to(node);
    }

    /// Replaces the name of the peer, for messages that come from now on: a session that is driven
    /// over one connection after the other may have another process at each.
    pub fn set_origin(&self, origin: Origin) {
        let origin = Arc::new(origin);
        let former = self
            .0
            .update(|state| std::mem::replace(&mut state.origin, origin));
        drop(former);
    }

    /// Opens the actors of a system to the peer, also those whose references
    /// are sent to it. `url` is the address at which other processes reach the
    /// system; empty for none. Only the first call has an effect. Before it, the
    /// peer's requests fail with `NoSuchActor`.
    pub fn serve(&self, inlet: &Inlet, url: &str) {
        let served = (inlet.clone(), url.into());
        if self.0.served_system.set(served).is_ok() {
            let link: Arc<dyn Link> = self.0.clone();
            inlet.add_link(Arc::downgrade(&link));
            self.0.say_hello();
        }
    }

    /// Drives the session over a connection until it ends, and returns the
    /// reason. The requests that are under way then fail with `Disconnected`,
    /// and those of the peer are cancelled; after that the session can be driven
    /// over another connection, unless it was closed. Only one call may run at a
    /// time. After the last one, [`close`](Self::close) fails what waits for the
    /// next connection.
    ///
    /// # Panics
    /// In a tokio runtime without timers.
    ///
    /// # Cancel safety
    /// Dropping the future ends the connection.
    pub async fn run<R, W>(&self, reader: R, writer: W) -> SessionEnd
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        if self.0.connected() {
            self.0.say_hello();
        }
        let guard = DisconnectOnDrop(&self.0);
        let end = drive::drive(reader, writer, &self.0).await;
        std::mem::forget(guard);
        self.0.disconnected(&end.to_string());
        end
    }

    /// Tells the peer to send no new requests; refuses those that still come.
    /// Answers are sent as before.
    pub fn refuse_new(&self) {
        self.0.refuse_new();
    }

    /// Ends the session for ever: sends no new requests, writes the queued
    /// frames for at most [`LinkLimits::flush`], and disconnects. Idempotent.
    ///
    /// The requests of the peer that actors have fail with `Disconnected`; the
    /// peer learns that those which were still on their way were not delivered.
    pub fn close(&self) {
        self.0.close();
    }

    /// Ends the session for ever, at once: requests that are under way fail, also
    /// if nothing drives the session. Idempotent.
    pub fn end(&self) {
        self.0.close();
        self.0.disconnected("the connection has ended for good");
    }

    /// Sends a request, as [`send`](Outlet::send) does, with an answerer that `wrap` makes of
    /// `answerer` if the request is sent. `wrap` is called under the lock of the session, and must
    /// not use it. A link that sends a request anew after some answers wraps them so.
    ///
    /// # Errors
    /// [`SendRefused`], with `answerer` as it was.
    pub fn send_wrapped(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
        wrap: impl FnOnce(Answerer) -> Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        self.0.send(envelope, answerer, wrap)
    }

    /// Returns the current state of the session, and its counts so far.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        self.0.stats()
    }

    /// Returns true once the session was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Waits until the peer has said which system is at its end, or until the
    /// connection is gone.
    pub(crate) async fn greeted(&self) {
        loop {
            let greeted = self.0.greeted.notified();
            {
                let state = self.0.lock();
                if state.references.peer.is_some() || state.link != state::Connection::Up {
                    return;
                }
            }
            greeted.await;
        }
    }

    /// Notes that there is no connection yet, for a session that waits for its
    /// first one.
    pub(crate) fn is_not_connected(&self) {
        self.0.disconnected("not connected yet");
    }

    /// Resolves when the session is closed, for a driver without a connection.
    pub(crate) async fn closing(&self) {
        self.0.closing.notified().await;
    }

    /// Notes that an attempt to connect has failed, for the errors of requests
    /// that wait for a connection.
    pub(crate) fn connect_failed(&self, why: &str, cause: Arc<dyn Error + Send + Sync>) {
        self.0.connect_failed(why, cause);
    }
}

impl Outlet for Session {
    fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        self.send_wrapped(envelope, answerer, convert::identity)
    }

    fn room(&self, to: &str) -> Room {
        Box::pin(SlotWaiter::new(self.0.clone(), to))
    }

    fn cancel(&self, id: RequestId) {
        self.0.cancel(id);
    }

    fn waits(&self, id: RequestId, chain: &[u8]) {
        self.0.waits(id, chain);
    }

    fn outage(&self) -> Option<Outage> {
        self.0.outage()
    }

    fn in_flight(&self, to: &str) -> usize {
        let target = Target::of(to);
        self.0.lock().pending.shares.taken_by(target)
    }

    fn next_id(&self) -> RequestId {
        self.0.ids.next()
    }

    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.0.body_scope()
    }

    fn peer(&self) -> Option<Home> {
        self.0.lock().references.peer.clone()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("origin", &self.0.lock().origin)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Fails all requests of a session, and those that follow, when its driver ends
/// in any way, also if the runtime never ran it: no caller is left waiting.
pub(crate) struct AbandonOnDrop(pub(crate) Session);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Ends the requests in both directions when the future that drives a session
/// is dropped.
struct DisconnectOnDrop<'a>(&'a SessionInner);

impl Drop for DisconnectOnDrop<'_> {
    fn drop(&mut self) {
        self.0.disconnected("the connection was dropped");
    }
}

/// Calls an answerer. It decodes a reply by code of the user, which may panic;
/// a panic must not end the connection.
fn answer(answerer: Answerer, answer: Result<Answered<'_>, Failure>) {
    if catch_unwind(AssertUnwindSafe(|| answerer.answer(answer))).is_err() {
        tracing::error!(target: "conclib::net", "reading a reply panicked; its asker gets none");
    }
}
