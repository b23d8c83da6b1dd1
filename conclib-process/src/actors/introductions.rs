//! Connections of this process to others of the same owner.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use conclib_core::Urn;
use conclib_core::wire::{Control, Inlet, NodeId, Origin, Outlet};
use conclib_net::{Introducer, LinkLimits, Session};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::control::ControlSocket;
use super::family::{Below, ToOwner, ToProcess};
use super::shortcut::{Introduce, Shortcut};

/// Time for an introduction.
const LIMIT: Duration = Duration::from_secs(1);

/// Connections to other processes, and the references that want one.
pub(super) struct Introductions {
    me: Weak<Self>,
    socket: ControlSocket,
    runtime: Handle,
    state: Mutex<State>,
    connected: Notify,
}

#[derive(Default)]
struct State {
    next_id: u64,
    asked: HashMap<u64, oneshot::Sender<Option<NodeId>>>,
    sessions: HashMap<NodeId, (Session, JoinHandle<()>)>,
    shortcuts: HashMap<(NodeId, Urn), Weak<Shortcut>>,
}

impl Introductions {
    pub(super) fn new(socket: ControlSocket) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            socket,
            runtime: Handle::current(),
            state: Mutex::default(),
            connected: Notify::new(),
        })
    }

    /// Tells the owner the system of this process: before all else, since an owner introduces only
    /// systems that it knows.
    pub(super) async fn greet(&self, inlet: &Inlet) -> io::Result<()> {
        let node = inlet.node();
        self.socket.send(&ToOwner::Hello { node }, None).await
    }

    /// Reads the messages of the owner, and tells it of the systems below, until the socket fails.
    pub(super) async fn run(&self, inlet: &Inlet) -> io::Result<()> {
        let (up, mut below) = mpsc::unbounded_channel();
        // Set here alone.
        let _ = inlet.extension::<Below>().0.set(up);
        loop {
            let received = tokio::select! {
                received = self.socket.receive() => received?,
                Some(change) = below.recv() => {
                    self.socket.send(&ToOwner::Below(change), None).await?;
                    continue;
                }
            };
            match received {
                (ToProcess::Connected { node, pid }, Some(socket)) => {
                    self.connect(node, pid, socket, inlet)?;
                }
                (ToProcess::Connected { .. }, None) => {}
                (ToProcess::Introduced { id, node }, _) => {
                    let asked = self.state().asked.remove(&id);
                    // The shortcut has given up.
                    let _ = asked.map(|asked| asked.send(node));
                }
            }
        }
    }

    /// Opens a session over a socket to another process.
    fn connect(&self, node: NodeId, pid: u32, socket: OwnedFd, inlet: &Inlet) -> io::Result<()> {
        let socket = UnixStream::from(socket);
        socket.set_nonblocking(true)?;
        let (reader, writer) = tokio::net::UnixStream::from_std(socket)?.into_split();
        let session = Session::new(Origin::Process(pid), LinkLimits::default())?;
        session.trust_peer();
        session.serve(&inlet.clone().with_control(Control::Any), "");
        let (driven, this) = (session.clone(), self.me.clone());
        let mut state = self.state();
        let driver = self.runtime.spawn(async move {
            driven.run(reader, writer).await;
            driven.end();
            if let Some(this) = this.upgrade() {
                this.state().sessions.remove(&node);
            }
        });
        state.sessions.insert(node, (session, driver));
        drop(state);
        self.connected.notify_waiters();
        Ok(())
    }

    /// Returns the session with the process that runs an actor, once the owner has introduced it.
    /// `None` if that owner does not know the process.
    async fn session(&self, node: NodeId, urn: Urn) -> Option<Session> {
        let (asked, answer) = oneshot::channel();
        let id = {
            let mut state = self.state();
            state.next_id += 1;
            let id = state.next_id;
            state.asked.insert(id, asked);
            id
        };
        let question = ToOwner::Introduce { id, node, urn };
        self.socket.send(&question, None).await.ok()?;
        let node = answer.await.ok().flatten()?;
        loop {
            let connected = self.connected.notified();
            if let Some((session, _)) = self.state().sessions.get(&node) {
                return Some(session.clone());
            }
            connected.await;
        }
    }

    /// Closes all connections, after what is to be sent.
    pub(super) async fn close(&self) {
        let sessions = std::mem::take(&mut self.state().sessions);
        for (session, _) in sessions.values() {
            session.close();
        }
        for (_, driver) in sessions.into_values() {
            // Ends also if it has panicked.
            let _ = driver.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Introduce for Introductions {
    fn introduce(&self, node: NodeId, urn: &Urn, found: Box<dyn FnOnce(Option<Session>) + Send>) {
        let (this, urn) = (self.me.clone(), urn.clone());
        self.runtime.spawn(async move {
            let session = match this.upgrade() {
                Some(this) => timeout(LIMIT, this.session(node, urn)).await.ok(),
                None => None,
            };
            found(session.flatten());
        });
    }
}

impl Introducer for Introductions {
    fn introduced(&self, urn: &Urn, node: NodeId, relay: Arc<dyn Outlet>) -> Arc<dyn Outlet> {
        let key = (node, urn.clone());
        let mut state = self.state();
        if let Some(shortcut) = state.shortcuts.get(&key).and_then(Weak::upgrade) {
            return shortcut;
        }
        state
            .shortcuts
            .retain(|_, shortcut| shortcut.strong_count() > 0);
        let shortcut = Arc::new(Shortcut::new(urn.clone(), node, relay, self.me.clone()));
        state.shortcuts.insert(key, Arc::downgrade(&shortcut));
        shortcut
    }
}
