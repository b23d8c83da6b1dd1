//! Traits that connect the suite with a broker or a link.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use conclib_core::System;
use conclib_core::wire::{Broker, Inlet, Outlet};
use tokio::io::{AsyncRead, AsyncWrite};

/// Boxed future of a [`Rig`] or a [`Link`].
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Broker or link under test: serves a system, and connects clients to it.
///
/// Each check makes a rig of its own, and runs in a runtime of its own. The methods panic if they
/// fail, like the rest of a test.
pub trait Rig: Send + Sync + 'static {
    /// Returns the abilities of the broker or link. Checks of the others pass without doing
    /// anything.
    fn supports(&self) -> Supports;

    /// Serves the system of an inlet, with its permissions. Called again after the end of the former broker, if the rig supports
    /// [`reconnect`](Supports::reconnect).
    ///
    /// The suite attaches the broker to the system, closes it, or drops it. A drop of the last
    /// `Arc` must end it at once, without a word to its clients, as the end of a process does.
    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>>;

    /// Connects a client to the served system. `own` is the system of the client: references to
    /// its actors travel over the link.
    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>>;

    /// Connects a peer that writes raw bytes in place of a client, after its handshake, if there
    /// is one. The bytes are [frames](conclib_core::wire::Frame), each after its length. `None`
    /// for a broker that has no such connections: the checks of `hostile` pass then without doing
    /// anything.
    fn raw(&self) -> BoxFuture<'_, Option<Box<dyn RawPeer>>> {
        Box::pin(std::future::ready(None))
    }

    /// Names what the broker and its clients have left behind after their end: files, sockets,
    /// subscriptions. Tasks are counted by the suite.
    fn leftovers(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Connection of one client.
pub trait Link: Send + Sync + 'static {
    /// Returns the way to the actors of the served system. Always the same one.
    fn outlet(&self) -> Arc<dyn Outlet>;

    /// Cuts the connection, without a word to either end, and keeps it so until
    /// [`restore`](Self::restore).
    fn cut(&self) -> BoxFuture<'_, ()>;

    /// Makes connections possible again. Called only if the rig supports
    /// [`reconnect`](Supports::reconnect).
    fn restore(&self) -> BoxFuture<'_, ()>;

    /// Closes the client in order.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Connection of a peer that writes raw bytes.
pub trait RawPeer: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> RawPeer for T {}

/// Abilities of a broker or link, of which each has checks of its own.
///
/// ```
/// use conclib_testing::conformance::Supports;
///
/// let mut supports = Supports::all();
/// supports.references = false;
/// assert!(supports.streams);
/// assert_eq!(Supports::default(), Supports::none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Supports {
    /// Streams of replies.
    pub streams: bool,
    /// References to actors inside messages, in both directions. They keep their actors alive, so
    /// also anonymous ones travel.
    pub references: bool,
    /// References to named actors inside messages, in both directions. Without
    /// [`references`](Self::references), one to an anonymous actor is refused by its sender.
    pub named_references: bool,
    /// Control of actors in the served system by references that came in messages: these permit
    /// their holder to end the actor.
    pub control: bool,
    /// Control of named actors in the served system: anybody may ask for their state and wait for
    /// their end, and may end them if the system permits it to
    /// [all](conclib_core::wire::Control::Any).
    pub named_control: bool,
    /// A client connects again by itself after the connection was lost.
    pub reconnect: bool,
    /// Messages that are delivered at least once, and so may be handled twice.
    pub at_least_once: bool,
    /// Messages of the suite are stored until they were handled: one that its actor did not get waits
    /// for it, and is no failure of its sender.
    pub stores_messages: bool,
    /// Paused time: the link has no process, thread or server beside the runtime of the test. Else
    /// the checks run on real time.
    pub paused_time: bool,
}

impl Supports {
    /// Returns the abilities of a link that has none of these.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            streams: false,
            references: false,
            named_references: false,
            control: false,
            named_control: false,
            reconnect: false,
            at_least_once: false,
            stores_messages: false,
            paused_time: false,
        }
    }

    /// Returns the abilities of a session between two ends in one process: all but
    /// [`at_least_once`](Self::at_least_once).
    #[must_use]
    pub const fn all() -> Self {
        Self {
            streams: true,
            references: true,
            named_references: true,
            control: true,
            named_control: true,
            reconnect: true,
            at_least_once: false,
            stores_messages: false,
            paused_time: true,
        }
    }
}

/// Ability that a check needs. The names are those in the list of checks.
#[derive(Debug, Clone, Copy)]
#[doc(hidden)]
#[allow(non_camel_case_types, reason = "named as the fields of `Supports`")]
pub enum Need {
    nothing,
    streams,
    no_streams,
    references,
    no_references,
    named_references,
    control,
    named_control,
    reconnect,
    at_most_once,
}

impl Need {
    pub(super) const fn is_met_by(self, supports: Supports) -> bool {
        match self {
            Self::nothing => true,
            Self::streams => supports.streams,
            Self::no_streams => !supports.streams,
            Self::references => supports.references,
            Self::no_references => !supports.references,
            Self::named_references => supports.named_references,
            Self::named_control => supports.named_control,
            // The references to the actors come in messages.
            Self::control => supports.control && supports.references,
            Self::reconnect => supports.reconnect,
            Self::at_most_once => !supports.stores_messages,
        }
    }
}
