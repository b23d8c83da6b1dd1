//! References that travel: their form in a message, and the local or far actor that they lead to.

use std::any::{Any, TypeId};
use std::sync::Arc;

use conclib_wire::shape::{Depth, End, Kind, Value, hash};
use conclib_wire::{CodecError, NodeId, Shape, Urn, WireRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::actor::{Actor, Travels};
use super::any_actor::AnyActor;
use super::any_ref::downcast;
use super::cell::ActorCell;
use super::foreign::ForeignCell;
use super::recipient::{Recipient, WeakRecipient};
use super::reference::ActorRef;
use super::registry::SystemInner;
use super::weak::WeakRef;
use crate::directory;
use crate::message::{MayLeave, Message, Reach};
use crate::remote::{Remote, ended};
use crate::spi::{Exported, KeepAlive, Lease, Place, RefError, export, import};

/// Strong count of a local actor that a link keeps for its peer.
pub(crate) struct Pin(Arc<dyn AnyActor>);

impl Pin {
    /// Adds a strong count, for a caller that has one.
    pub(crate) fn of(actor: Arc<dyn AnyActor>) -> Self {
        actor.acquire();
        Self(actor)
    }

    /// Adds a strong count, unless the actor has ended or is about to.
    pub(super) fn try_of(actor: Arc<dyn AnyActor>) -> Option<Self> {
        actor.try_acquire().then(|| Self(actor))
    }

    pub(crate) fn actor(&self) -> &Arc<dyn AnyActor> {
        &self.0
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Actor that a reference leads to.
pub(super) enum Address {
    /// Actor of this process, and the count of a reference that has come home to it.
    Here(Arc<dyn AnyActor>, Option<Pin>),
    Away(Arc<Remote>),
}

impl From<Result<Arc<dyn AnyActor>, &Arc<Remote>>> for Address {
    fn from(place: Result<Arc<dyn AnyActor>, &Arc<Remote>>) -> Self {
        match place {
            Ok(actor) => Self::Here(actor, None),
            Err(remote) => Self::Away(remote.clone()),
        }
    }
}

/// Strength of a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    Strong,
    Weak,
}

/// Encodes a reference.
pub(super) fn write<S: Serializer>(
    address: Address,
    strength: Strength,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let exported = match (address, strength) {
        (Address::Here(actor, _), strength) => {
            let (urn, node) = (actor.urn(), actor.system().node());
            let runs_in = actor.runs_in();
            let keep_alive = match strength {
                Strength::Strong => Some(KeepAlive::new(Pin::of(actor))),
                Strength::Weak => None,
            };
            Exported::local(urn, node, keep_alive).run_in(runs_in)
        }
        (Address::Away(remote), strength) => {
            let urn = remote.urn.clone().map_err(ser::Error::custom)?;
            let home = remote.home();
            let home = home.ok_or_else(|| RefError::NoAddress { urn: urn.clone() });
            let home = home.map_err(ser::Error::custom)?;
            let keep_alive = match strength {
                Strength::Strong => Some(KeepAlive::new(remote)),
                Strength::Weak => None,
            };
            Exported::passed_on(urn, home, keep_alive)
        }
    };
    let reference = export(exported).map_err(ser::Error::custom)?;
    reference.serialize(serializer)
}

/// Decodes a reference. A local actor is not counted.
pub(super) fn read<'de, D: Deserializer<'de>>(
    strength: Strength,
    deserializer: D,
) -> Result<(Urn, Address), D::Error> {
    let reference = WireRef::deserialize(deserializer)?;
    let urn = reference.urn.clone();
    if reference.weak != (strength == Strength::Weak) {
        return Err(de::Error::custom(RefError::KindMismatch { urn }));
    }
    let address = match import(&reference).map_err(de::Error::custom)? {
        Place::Here(node) => find(&urn, node),
        Place::Away(imported, here) => match foreign(&urn, here, reference.home.node) {
            Some(actor) => {
                let back = imported.lease.and_then(|lease| come_home(&actor, lease));
                Address::Here(actor, back)
            }
            None => Address::Away(Arc::new(Remote {
                outlet: imported.outlet,
                urn: Ok(urn.clone()),
                home: Some(reference.home),
                lease: imported.lease,
            })),
        },
    };
    Ok((urn, address))
}

/// Returns the actor of that name in a system of this process.
fn find(urn: &Urn, node: NodeId) -> Address {
    match look_up(urn, node) {
        Some(actor) => Address::Here(actor, None),
        None => relayed(urn, node).map_or_else(|| gone(urn, node), Address::Away),
    }
}

/// Returns the actor of that name in the system `here`, if the system `runs_in` runs it for that.
fn foreign(urn: &Urn, here: Option<NodeId>, runs_in: NodeId) -> Option<Arc<dyn AnyActor>> {
    let actor = look_up(urn, here?)?;
    (actor.runs_in() == Some(runs_in)).then_some(actor)
}

/// Counts a reference that has come home to an actor that another process runs.
fn come_home(actor: &Arc<dyn AnyActor>, lease: Lease) -> Option<Pin> {
    let cell = actor.clone().into_any().downcast::<ForeignCell>().ok()?;
    cell.come_home(lease);
    Some(Pin(cell))
}

fn look_up(urn: &Urn, node: NodeId) -> Option<Arc<dyn AnyActor>> {
    system(node)?.find(urn.as_str())
}

/// Returns the actor of another process that the system `node` has passed on under its own address.
fn relayed(urn: &Urn, node: NodeId) -> Option<Arc<Remote>> {
    system(node)?.relays().find(urn.as_str())
}

fn system(node: NodeId) -> Option<Arc<SystemInner>> {
    directory::system(node)?.downcast().ok()
}

fn gone(urn: &Urn, node: NodeId) -> Address {
    Address::Away(Arc::new(ended(urn.clone(), node)))
}

/// Returns the cell of an actor that is an `A`.
fn cell<A: Actor, E: de::Error>(
    urn: Urn,
    actor: Arc<dyn Any + Send + Sync>,
) -> Result<Arc<ActorCell<A>>, E> {
    let cell = actor.downcast();
    cell.map_err(|_| E::custom(RefError::TypeMismatch { urn }))
}

/// Encodes a recipient.
fn write_recipient<M: Message, S: Serializer>(
    located: Result<Arc<dyn AnyActor>, Result<Arc<Remote>, Urn>>,
    strength: Strength,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !<M::Reach as Reach<M>>::WIRE {
        return Err(ser::Error::custom(CodecError::local(M::NAME)));
    }
    let address = match located {
        Ok(actor) => Address::Here(actor, None),
        Err(Ok(remote)) => Address::Away(remote),
        Err(Err(urn)) => return Err(ser::Error::custom(RefError::NoAddress { urn })),
    };
    write(address, strength, serializer)
}

/// Returns a recipient of `M` for an actor that handles it.
fn read_recipient<M: MayLeave, E: de::Error>(
    urn: Urn,
    address: Address,
) -> Result<Recipient<M>, E> {
    let (actor, _back) = match address {
        Address::Away(remote) => return Ok(Recipient::away(remote)),
        Address::Here(actor, back) => (actor, back),
    };
    if !actor.try_acquire() {
        let node = actor.system().node();
        return Ok(Recipient::away(Arc::new(ended(urn, node))));
    }
    let pin = Pin(actor);
    if let Ok(cell) = pin.actor().clone().into_any().downcast::<ForeignCell>() {
        return Ok(Recipient::foreign(cell));
    }
    let found = pin.actor().clone().recipient(TypeId::of::<M>());
    match found.and_then(|found| found.downcast().ok()) {
        Some(recipient) => Ok(*recipient),
        None => Err(E::custom(RefError::TypeMismatch { urn })),
    }
}

/// A reference in a message leads back to its actor:
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// struct Publisher {
///     readers: Vec<ActorRef<Reader>>,
/// }
///
/// #[actor]
/// impl Publisher {
///     /// The reader may be in another process, or this actor may be, for the caller.
///     #[message]
///     async fn subscribe(&mut self, reader: ActorRef<Reader>, ctx: &mut Context<Self>) {
///         ctx.watch(&reader);
///         self.readers.push(reader);
///     }
///
///     #[message]
///     async fn publish(&mut self, text: String) {
///         for reader in &self.readers {
///             // A reader that has ended is removed below.
///             let _ = reader.news(text.clone()).tell().await;
///         }
///     }
///
///     #[on(gone)]
///     fn gone(&mut self, gone: Gone) {
///         self.readers.retain(|reader| reader.urn() != gone.urn);
///     }
/// }
///
/// #[actor]
/// #[derive(Default)]
/// struct Reader {
///     read: Vec<String>,
///     publisher: Option<ActorRef<Publisher>>,
/// }
///
/// #[actor]
/// impl Reader {
///     #[message]
///     async fn follow(&mut self, publisher: ActorRef<Publisher>, ctx: &mut Context<Self>) {
///         let _ = publisher.subscribe(ctx.me()).tell().await;
///         self.publisher = Some(publisher);
///     }
///
///     #[message]
///     fn news(&mut self, text: String) {
///         self.read.push(text);
///     }
///
///     #[message]
///     fn read(&mut self) -> Vec<String> {
///         self.read.clone()
///     }
/// }
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// let system = System::new("docs");
/// let publisher = system.spawn(Publisher { readers: Vec::new() })?;
/// let reader = system.spawn(Reader::default())?;
/// reader.follow(publisher.clone()).await?;
/// publisher.publish("hello".into()).await?;
/// assert_eq!(reader.read().await?, ["hello"]);
/// # Ok(())
/// # }
/// ```
impl<A: Travels> Serialize for ActorRef<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.resident_or_away().into(), Strength::Strong, serializer)
    }
}

impl<'de, A: Travels> Deserialize<'de> for ActorRef<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, address) = read(Strength::Strong, deserializer)?;
        let (actor, _back) = match address {
            Address::Away(remote) => return Ok(Self::away(remote)),
            Address::Here(actor, back) => (actor, back),
        };
        let node = actor.system().node();
        if !actor.try_acquire() {
            return Ok(Self::away(Arc::new(ended(urn, node))));
        }
        let pin = Pin(actor);
        let found = downcast(pin.actor().clone());
        found.map_err(|_| de::Error::custom(RefError::TypeMismatch { urn }))
    }
}

impl<A: Travels> Serialize for WeakRef<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(self.resident_or_away().into(), Strength::Weak, serializer)
    }
}

impl<'de, A: Travels> Deserialize<'de> for WeakRef<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, address) = read(Strength::Weak, deserializer)?;
        match address {
            Address::Here(actor, _) => match actor.into_any().downcast::<ForeignCell>() {
                Ok(cell) if cell.is::<A>() => Ok(Self::foreign(cell)),
                Ok(_) => Err(de::Error::custom(RefError::TypeMismatch { urn })),
                Err(actor) => cell(urn, actor).map(Self::new),
            },
            Address::Away(remote) => Ok(Self::away(remote)),
        }
    }
}

impl<M: MayLeave> Serialize for Recipient<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_recipient::<M, S>(self.located(), Strength::Strong, serializer)
    }
}

impl<'de, M: MayLeave> Deserialize<'de> for Recipient<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, address) = read(Strength::Strong, deserializer)?;
        read_recipient(urn, address)
    }
}

impl<M: MayLeave> Serialize for WeakRecipient<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_recipient::<M, S>(self.located(), Strength::Weak, serializer)
    }
}

impl<'de, M: MayLeave> Deserialize<'de> for WeakRecipient<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, address) = read(Strength::Weak, deserializer)?;
        read_recipient(urn, address).map(|recipient| recipient.downgrade())
    }
}

/// Shape of all references to actors: the same for each type of actor, since the other side may
/// know the actor by another type.
macro_rules! shapes {
    ($($kind:literal: $type:ident<$parameter:ident: $bound:ident>;)*) => {
        $(impl<$parameter: $bound> Shape for $type<$parameter> {
            const END: u64 = <Self::At<End> as Value>::VALUE;
            type At<D: Depth> = Kind<{ hash($kind) }, ()>;
        })*
    };
}

shapes! {
    "reference": ActorRef<A: Actor>;
    "reference": Recipient<M: Message>;
    "weak reference": WeakRef<A: Actor>;
    "weak reference": WeakRecipient<M: Message>;
}
