//! Scope in which references to actors are encoded and decoded, and the traits by which a link
//! carries them.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::sync::Arc;

use conclib_wire::{Home, NodeId, Urn, WireRef};

use super::outlet::Outlet;

/// Maximum number of references in one body. One more is an error.
pub const MAX_REFERENCES: usize = 1024;

/// Part of a link that carries references to actors: gives the address of an actor whose reference
/// goes out, and the way to an actor whose reference comes in.
///
/// The link returns one from [`Outlet::scope`] and [`ReplySink::scope`](super::ReplySink::scope),
/// and calls [`enter`] where a body is encoded or decoded at its own request. A link without a
/// scope carries no references.
///
/// # Keeping actors alive
///
/// A strong reference in a body keeps its actor alive, also while the body is under way. For each
/// one, [`export`](Self::export) is called once, and returns a [`Home`] with a
/// [key](Home::key) that the link has not used before. The link then sends the body, and takes the
/// [`exported`] actors of that body while it is in the scope; it keeps them until its peer releases
/// their keys, and no longer than itself. Actors that the link does not take are let go at the end
/// of the scope: the body was not sent.
///
/// At the peer, [`import`](Self::import) returns a [`Lease`] for that key. Its last clone is
/// dropped with the last reference: then the link sends the release. A key that is not imported
/// is released too: that of a request once the request is answered, since a `#[fallback]` decodes
/// late, and that of an answer once the answerer has returned.
///
/// # Hostile peers
///
/// A reference that comes in is a claim of the peer. `import` must not connect to the address in
/// it, and grants keys only that the peer has exported over this link. A body has at most
/// [`MAX_REFERENCES`] references. The number of keys of a link needs a limit, at which `export`
/// fails with [`RefError::TooMany`].
///
/// # Examples
///
/// Scope whose bodies come back to the system that they left:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use conclib::prelude::*;
/// use conclib::spi::{
///     Exported, Home, Imported, NodeId, RefError, RefScope, enter, exported,
/// };
///
/// struct Mirror {
///     node: NodeId,
///     keys: AtomicU64,
/// }
///
/// impl RefScope for Mirror {
///     fn node(&self) -> Option<NodeId> {
///         Some(self.node)
///     }
///
///     fn export(&self, actor: &Exported) -> Result<Home, RefError> {
///         let key = self.keys.fetch_add(1, Ordering::Relaxed) + 1;
///         Ok(actor.home().clone().with_key(key))
///     }
///
///     fn import(&self, urn: &Urn, home: &Home, _weak: bool) -> Result<Imported, RefError> {
///         let (urn, node, url) = (urn.clone(), home.node, home.url.clone());
///         Err(RefError::NoConnection { urn, node, url })
///     }
/// }
///
/// # #[actor]
/// # struct Reader;
/// # #[actor]
/// # impl Reader {}
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// let system = System::new("docs");
/// let reader = system.spawn(Reader)?;
/// let scope = Arc::new(Mirror { node: system.node(), keys: AtomicU64::new(0) });
///
/// let (body, kept) = enter(Some(scope.clone()), || {
///     (serde_json::to_string(&reader), exported())
/// });
/// assert_eq!(kept[0].urn(), &reader.urn());
/// assert_eq!(kept[0].key(), 1);
///
/// let back: ActorRef<Reader> = enter(Some(scope), || serde_json::from_str(&body?))?;
/// assert_eq!(back, reader);
/// # Ok(())
/// # }
/// ```
pub trait RefScope: Send + Sync + 'static {
    /// Returns the id of the system at this end; `None` for a process without one. A reference to an
    /// actor of that system becomes local when it comes in.
    fn node(&self) -> Option<NodeId>;

    /// Returns the address under which the peer reaches an actor, and the key of the export.
    ///
    /// A reference to an actor of the peer's own system goes home: its key is zero, and the link
    /// keeps the actor only until the body is sent, for a release that comes after the body.
    ///
    /// # Errors
    /// Fails if the link cannot carry the reference.
    fn export(&self, actor: &Exported) -> Result<Home, RefError>;

    /// Returns the way to an actor of another system, and the lease of a strong reference.
    ///
    /// # Errors
    /// Fails if there is no connection to that system, or if the peer has not exported the key.
    fn import(&self, urn: &Urn, home: &Home, weak: bool) -> Result<Imported, RefError>;

    /// Returns the actor of a key that went out over this link and is not released: the peer holds a
    /// strong reference to that actor. An inlet so finds actors that have ended, and permits the
    /// peer to end those it holds.
    fn held(&self, key: u64) -> Option<KeepAlive> {
        let _ = key;
        None
    }
}

/// Reason for which a reference cannot travel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefError {
    /// The reference is serialised or deserialised by itself, and not in a message over a
    /// connection; or the connection carries no references.
    #[error(
        "a reference to an actor travels only in a message, over a connection that carries references"
    )]
    NoScope,
    /// The connection carries references to named actors only.
    #[error(
        "the actor `{urn}` has no name, and this connection carries references to named actors only: \
         give it one, by `system.actor(…).urn(\"…\")`"
    )]
    Anonymous {
        /// Name of the actor.
        urn: Urn,
    },
    /// The connection knows no address of the actor for the other side.
    #[error(
        "the actor `{urn}` has no address that the other side can reach: serve its system over this \
         connection, by `client.serve(&system)`"
    )]
    NoAddress {
        /// Name of the actor.
        urn: Urn,
    },
    /// The actor belongs to a system of this process that is not the one at this end.
    #[error(
        "the actor `{urn}` belongs to another system than this connection serves, which for a process actor \
         is that of its owner: spawn the actor there"
    )]
    OtherSystem {
        /// Name of the actor.
        urn: Urn,
    },
    /// The reference leads to a system to which there is no connection.
    #[error(
        "there is no connection to the system {node} of the actor `{urn}`, at \"{url}\": connect to it \
         first, by `ProxyClient::connect`, or permit its address, by `system.keys().add(…)`"
    )]
    NoConnection {
        /// Name of the actor.
        urn: Urn,
        /// System of the actor.
        node: NodeId,
        /// Address of the system; empty if it has none.
        url: Box<str>,
    },
    /// The peer uses a key that it has not exported.
    #[error("the reference to the actor `{urn}` was not exported over this connection")]
    NotExported {
        /// Name of the actor.
        urn: Urn,
    },
    /// A limit on the number of references.
    #[error("more than {limit} references: send fewer, or drop those that are not needed")]
    TooMany {
        /// Limit that was reached.
        limit: usize,
    },
    /// The actor of that name is not of the type of the reference.
    #[error("the actor `{urn}` does not handle the messages of the reference")]
    TypeMismatch {
        /// Name of the actor.
        urn: Urn,
    },
    /// A weak reference where a strong one is expected, or the other way round.
    #[error("the reference to the actor `{urn}` is of the other kind, strong or weak")]
    KindMismatch {
        /// Name of the actor.
        urn: Urn,
    },
}

/// Actor that goes out in a body.
#[derive(Debug)]
pub struct Exported {
    urn: Urn,
    home: Home,
    is_local: bool,
    runs_in: Option<NodeId>,
    key: u64,
    keep_alive: Option<KeepAlive>,
}

impl Exported {
    /// Describes an actor of a system in this process. A weak reference has no `keep_alive`.
    pub(crate) fn local(urn: Urn, node: NodeId, keep_alive: Option<KeepAlive>) -> Self {
        Self {
            urn,
            home: Home::new(node, ""),
            is_local: true,
            runs_in: None,
            key: 0,
            keep_alive,
        }
    }

    /// Describes a reference in a body that is sent on as it is, by the key that it has there.
    fn carried(key: u64, lease: Lease) -> Self {
        Self {
            urn: Urn::reserved("conclib:carried"),
            home: Home::new(NodeId::from_bits(0), ""),
            is_local: false,
            runs_in: None,
            key,
            keep_alive: Some(KeepAlive::new(lease)),
        }
    }

    /// Names the other system that runs the actor for its own one, if one does.
    pub(crate) fn run_in(self, runs_in: Option<NodeId>) -> Self {
        Self { runs_in, ..self }
    }

    /// Describes an actor of another process that is passed on. A weak reference has no
    /// `keep_alive`.
    pub(crate) fn passed_on(urn: Urn, home: Home, keep_alive: Option<KeepAlive>) -> Self {
        Self {
            urn,
            home,
            is_local: false,
            runs_in: None,
            key: 0,
            keep_alive,
        }
    }

    /// Returns the name of the actor.
    #[must_use]
    pub const fn urn(&self) -> &Urn {
        &self.urn
    }

    /// Returns the system of the actor; its URL is known only for an actor that is passed on.
    #[must_use]
    pub const fn home(&self) -> &Home {
        &self.home
    }

    /// Returns the system at which a reference to the actor goes home: that of the actor, or the
    /// one that [runs it for that](crate::system::System::foreign).
    #[must_use]
    pub fn is_at_home_in(&self, node: NodeId) -> bool {
        self.home.node == node || self.runs_in == Some(node)
    }

    /// Returns true for an actor that another system runs for that of its home.
    #[must_use]
    pub const fn runs_elsewhere(&self) -> bool {
        self.runs_in.is_some()
    }

    /// Returns true for an actor of a system in this process, and false for one that is passed on.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.is_local
    }

    /// Returns the key that [`RefScope::export`] gave.
    #[must_use]
    pub const fn key(&self) -> u64 {
        self.key
    }

    /// Returns the guard that keeps the actor alive. `None` for a weak reference.
    #[must_use]
    pub const fn keep_alive(&self) -> Option<&KeepAlive> {
        self.keep_alive.as_ref()
    }
}

/// Guard that keeps an actor alive while it exists.
#[derive(Clone)]
pub struct KeepAlive(Arc<dyn Any + Send + Sync>);

impl KeepAlive {
    pub(crate) fn new<T: Any + Send + Sync>(pin: T) -> Self {
        Self(Arc::new(pin))
    }

    pub(crate) fn downcast<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive").finish_non_exhaustive()
    }
}

/// Way to an actor of another system whose reference came in.
pub struct Imported {
    /// Connection to the actor's system. References to one system should share one outlet.
    pub outlet: Arc<dyn Outlet>,
    /// Lease of a strong reference. `None` if nothing has to be released.
    pub lease: Option<Lease>,
}

impl fmt::Debug for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imported")
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// Share in an actor of another system: the drop of its last clone releases the actor.
#[derive(Clone)]
pub struct Lease(Arc<Release>);

struct Release(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Lease {
    /// Makes a lease whose end calls `release`, once. That must not block.
    pub fn new(release: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Arc::new(Release(Some(Box::new(release)))))
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(release) = self.0.take() {
            release();
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clones = Arc::strong_count(&self.0);
        f.debug_struct("Lease").field("clones", &clones).finish()
    }
}

/// Scope that a thread is in.
struct Entered {
    scope: Arc<dyn RefScope>,
    /// Actors that went out in the body.
    exported: Vec<Exported>,
    /// Number of references in the body so far.
    met: usize,
}

thread_local! {
    static CURRENT: RefCell<Option<Entered>> = const { RefCell::new(None) };
}

/// Runs `body` in a scope, in which bodies with references are encoded and decoded. `None` is a
/// scope that carries no references.
pub fn enter<R>(scope: Option<Arc<dyn RefScope>>, body: impl FnOnce() -> R) -> R {
    /// Guard that puts the outer scope back.
    struct Outer(Option<Entered>);
    impl Drop for Outer {
        fn drop(&mut self) {
            // The actors that were not taken are let go here, outside of the borrow.
            drop(CURRENT.replace(self.0.take()));
        }
    }

    let entered = scope.map(|scope| Entered {
        scope,
        exported: Vec::new(),
        met: 0,
    });
    let _outer = Outer(CURRENT.replace(entered));
    body()
}

/// References of a body that has come in, by their keys, each with a share in its actor.
pub(crate) type Carried = Vec<(u64, Lease)>;

thread_local! {
    static CARRIED: RefCell<Carried> = const { RefCell::new(Vec::new()) };
}

/// Runs `handle`, which may send a body on as it is, with the references of that body.
#[doc(hidden)]
pub fn carrying<R>(references: Vec<(u64, Lease)>, handle: impl FnOnce() -> R) -> R {
    /// Guard that puts the outer references back.
    struct Outer(Carried);
    impl Drop for Outer {
        fn drop(&mut self) {
            drop(CARRIED.replace(mem::take(&mut self.0)));
        }
    }

    if references.is_empty() {
        return handle();
    }
    let _outer = Outer(CARRIED.replace(references));
    handle()
}

/// Takes the references of the body that is being handled.
pub(crate) fn carried() -> Carried {
    CARRIED.with_borrow_mut(mem::take)
}

/// Runs `send` in a scope, in which it sends a body on as it is, with the references of the body.
pub(crate) fn send_on<R>(
    references: Carried,
    scope: impl FnOnce() -> Option<Arc<dyn RefScope>>,
    send: impl FnOnce() -> R,
) -> R {
    if references.is_empty() {
        return send();
    }
    enter(scope(), || {
        let references = references.into_iter();
        let carried = references.map(|(key, lease)| Exported::carried(key, lease));
        CURRENT.with_borrow_mut(|current| {
            if let Some(entered) = current {
                entered.exported.extend(carried);
            }
        });
        send()
    })
}

/// Takes the actors whose references were encoded in this scope since the last call. For a link
/// that is about to send the body.
#[must_use = "a drop lets the actors go"]
pub fn exported() -> Vec<Exported> {
    CURRENT.with_borrow_mut(|current| match current {
        Some(entered) => mem::take(&mut entered.exported),
        None => Vec::new(),
    })
}

/// Returns the scope of this thread, and counts a reference in it.
fn meet() -> Result<Arc<dyn RefScope>, RefError> {
    CURRENT.with_borrow_mut(|current| {
        let entered = current.as_mut().ok_or(RefError::NoScope)?;
        entered.met += 1;
        match entered.met > MAX_REFERENCES {
            true => Err(RefError::TooMany {
                limit: MAX_REFERENCES,
            }),
            false => Ok(entered.scope.clone()),
        }
    })
}

/// Encodes a reference in the scope of this thread.
pub(crate) fn export(mut actor: Exported) -> Result<WireRef, RefError> {
    let home = meet()?.export(&actor)?;
    let reference = WireRef {
        urn: actor.urn.clone(),
        weak: actor.keep_alive.is_none(),
        home,
    };
    actor.key = reference.home.key;
    if !reference.weak {
        CURRENT.with_borrow_mut(|current| {
            if let Some(entered) = current {
                entered.exported.push(actor);
            }
        });
    }
    Ok(reference)
}

/// Place of an actor whose reference came in.
pub(crate) enum Place {
    /// System at this end.
    Here(NodeId),
    /// Another system, and the one at this end.
    Away(Imported, Option<NodeId>),
}

/// Decodes a reference in the scope of this thread.
pub(crate) fn import(reference: &WireRef) -> Result<Place, RefError> {
    let scope = meet()?;
    let WireRef { urn, home, weak } = reference;
    let here = scope.node();
    if here == Some(home.node) {
        return Ok(Place::Here(home.node));
    }
    let imported = scope.import(urn, home, *weak)?;
    Ok(Place::Away(imported, here))
}
