//! Processes of one owner, which introduces them to each other: each pair gets a socket of its own,
//! so that their messages do not pass through the owner.

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use conclib_core::Urn;
use conclib_core::wire::{Inlet, NodeId};
use conclib_net::Session;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::control::ControlSocket;

/// Message of a process to its owner.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToOwner {
    /// Names the system of the process.
    Hello { node: NodeId },
    /// Tells of a process that this one has started, or one below.
    Below(Change),
    /// Asks for a socket to the process that runs an actor of the system `node`.
    Introduce { id: u64, node: NodeId, urn: Urn },
}

/// System of a process below another one, which comes or goes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Change {
    Begun(NodeId),
    Ended(NodeId),
}

/// Message of an owner to one of its processes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToProcess {
    /// Comes with a socket to another process, which gets the other end.
    Connected { node: NodeId, pid: u32 },
    /// Answers [`ToOwner::Introduce`], after the socket: the system of the process, or nothing if
    /// none of the owner's processes runs the actor.
    Introduced { id: u64, node: Option<NodeId> },
}

/// Processes of the actors of one system.
#[derive(Default)]
pub(super) struct Family(Mutex<HashMap<NodeId, Member>>);

/// Way up for the names of the systems below this process, if it has an owner.
#[derive(Default)]
pub(super) struct Below(pub(super) OnceLock<UnboundedSender<Change>>);

struct Member {
    pid: u32,
    socket: Arc<ControlSocket>,
    /// Processes to which this one has a socket.
    knows: HashSet<NodeId>,
}

/// Connection of one process with its owner. A drop lets the others forget the process.
pub(super) struct Membership {
    family: Arc<Family>,
    inlet: Inlet,
    session: Session,
    pid: u32,
    socket: Arc<ControlSocket>,
    node: Option<NodeId>,
    /// Told when the process has named its system.
    joined: Option<oneshot::Sender<()>>,
    /// Systems of the process, and of those below.
    nodes: HashSet<NodeId>,
}

impl Membership {
    /// Makes the membership of a process, and the receiver of the word that the family knows it.
    pub(super) fn new(
        inlet: Inlet,
        session: Session,
        pid: u32,
        socket: ControlSocket,
    ) -> (Self, oneshot::Receiver<()>) {
        let (joined, has_joined) = oneshot::channel();
        let membership = Self {
            family: inlet.extension(),
            inlet,
            session,
            pid,
            socket: Arc::new(socket),
            node: None,
            joined: Some(joined),
            nodes: HashSet::new(),
        };
        (membership, has_joined)
    }

    /// Answers the process, until its socket fails.
    pub(super) async fn run(mut self) {
        loop {
            let answered = match self.socket.receive().await {
                Ok((message, _)) => self.answer(message).await,
                Err(error) => Err(error),
            };
            if let Err(error) = answered {
                let pid = self.pid;
                tracing::debug!(target: "conclib::process", pid, %error, "no more introductions");
                return;
            }
        }
    }

    async fn answer(&mut self, message: ToOwner) -> io::Result<()> {
        match message {
            ToOwner::Hello { node } => {
                let member = Member {
                    pid: self.pid,
                    socket: self.socket.clone(),
                    knows: HashSet::new(),
                };
                self.family.lock().entry(node).or_insert(member);
                self.node = Some(node);
                self.nodes.insert(node);
                self.tell_owner(Change::Begun(node));
                // Without a receiver the process is ending.
                let _ = self.joined.take().map(|joined| joined.send(()));
                Ok(())
            }
            ToOwner::Below(change) => {
                match change {
                    Change::Begun(node) => self.nodes.insert(node),
                    Change::Ended(node) => self.nodes.remove(&node),
                };
                self.note(change);
                Ok(())
            }
            ToOwner::Introduce { id, node, urn } => {
                let runs_in = match node == self.inlet.node() {
                    true => self.inlet.runs_in(urn.as_str()),
                    false => Some(node),
                };
                let node = match (self.node, runs_in) {
                    (Some(one), Some(other)) => self.family.introduce(one, other).await,
                    _ => None,
                };
                let answer = ToProcess::Introduced { id, node };
                self.socket.send(&answer, None).await
            }
        }
    }
}

impl Membership {
    /// Changes the way to a system below the process.
    fn note(&self, change: Change) {
        match change {
            Change::Begun(node) => self.session.leads_to(node),
            Change::Ended(node) => self.session.leads_no_more_to(node),
        }
        self.tell_owner(change);
    }

    /// Tells the owner of this process, if there is one.
    fn tell_owner(&self, change: Change) {
        if let Some(up) = self.inlet.extension::<Below>().0.get() {
            // An error means that this process is ending.
            let _ = up.send(change);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        for node in &self.nodes {
            self.note(Change::Ended(*node));
        }
        let Some(node) = self.node else { return };
        let mut members = self.family.lock();
        members.remove(&node);
        for member in members.values_mut() {
            member.knows.remove(&node);
        }
    }
}

impl Family {
    /// Gives two processes a socket to each other, unless they have one, and returns the second one.
    /// `None` if one of them is no process of this owner.
    async fn introduce(&self, one: NodeId, other: NodeId) -> Option<NodeId> {
        let Some((to_one, to_other)) = self.acquaint(one, other)? else {
            return Some(other);
        };
        let connected = async {
            let (ends_at_one, ends_at_other) = UnixStream::pair()?;
            let (node, pid) = (one, to_one.0);
            let message = ToProcess::Connected { node, pid };
            let socket = Some(ends_at_other.as_fd());
            to_other.1.send(&message, socket).await?;
            let (node, pid) = (other, to_other.0);
            let message = ToProcess::Connected { node, pid };
            let socket = Some(ends_at_one.as_fd());
            to_one.1.send(&message, socket).await
        };
        let connected: io::Result<()> = connected.await;
        connected.ok().map(|()| other)
    }

    /// Notes that two processes know each other, and returns their sockets if that is new.
    #[expect(clippy::type_complexity, reason = "two of the same")]
    fn acquaint(
        &self,
        one: NodeId,
        other: NodeId,
    ) -> Option<Option<((u32, Arc<ControlSocket>), (u32, Arc<ControlSocket>))>> {
        let mut members = self.lock();
        let socket_of = |member: &Member| (member.pid, member.socket.clone());
        let to_other = members.get(&other).filter(|_| one != other)?;
        let (to_other, is_known) = (socket_of(to_other), to_other.knows.contains(&one));
        let member = members.get_mut(&one)?;
        let is_new = member.knows.insert(other) && !is_known;
        Some(is_new.then(|| (socket_of(member), to_other)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
