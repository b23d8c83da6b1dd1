//! Equality, hash and text of a reference.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{ActorRef, Location};
use crate::named::Named;
use crate::node::actor::Actor;
use crate::node::any_actor::AnyActor;

impl<A: Actor> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Location::Here(a), Location::Here(b)) => a.id == b.id,
            (Location::Away(a), Location::Away(b)) => a.same(b),
            (Location::Foreign(a), Location::Foreign(b)) => a.id() == b.id(),
            _ => false,
        }
    }
}

impl<A: Actor> Eq for ActorRef<A> {}

impl<A: Actor> Hash for ActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Location::Here(cell) => cell.id.hash(state),
            Location::Away(remote) => remote.urn().hash(state),
            Location::Foreign(cell) => cell.id().hash(state),
        }
    }
}

/// The type and the name: `Greeter (greeter)`.
impl<A: Actor> fmt::Display for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = std::any::type_name::<A>();
        let (head, generics) = path.split_at(path.find('<').unwrap_or(path.len()));
        let name = head.rsplit("::").next().unwrap_or(head);
        write!(f, "{name}{generics} ({})", self.urn())
    }
}

impl<A: Actor> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRef({self})")
    }
}
