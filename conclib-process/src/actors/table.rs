//! Table of the actors that can run in processes of their own, filled when the program is linked.

use std::any::{TypeId, type_name};
use std::marker::PhantomData;

use conclib_core::wire::RequestEnvelope;
use conclib_core::{Actor, Create, Declared, System, TaskActor, Travels};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::start::{Started, start_created, start_value};

/// Function that starts an actor as a request says.
pub(super) type StartFn = fn(RequestEnvelope, &System) -> Option<Started>;

/// Type of actor that can run in a process of its own.
pub struct Entry {
    type_id: fn() -> TypeId,
    type_name: fn() -> &'static str,
    /// Start from the value of the actor itself, if that is a serde type.
    value: Option<StartFn>,
    /// Start from the arguments of `#[on(create)]`, if these are serde types.
    created: Option<StartFn>,
}

inventory::collect!(Entry);

impl Entry {
    /// Describes an actor, with the results of its [`Probe`].
    #[must_use]
    pub const fn of<A: 'static>(value: Option<StartFn>, created: Option<StartFn>) -> Self {
        Self {
            type_id: TypeId::of::<A>,
            type_name: type_name::<A>,
            value,
            created,
        }
    }

    /// Returns the function that starts the actor.
    pub(super) fn start(&self, is_created: bool) -> Option<StartFn> {
        match is_created {
            true => self.created,
            false => self.value,
        }
    }

    /// Returns the entry of that actor, by which another process finds it.
    pub(super) fn of_type<A: 'static>() -> Option<&'static Self> {
        Self::find(type_name::<A>()).filter(|entry| (entry.type_id)() == TypeId::of::<A>())
    }

    /// Returns the actor of that type name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        let mut entries = inventory::iter::<Self>.into_iter();
        entries.find(|entry| (entry.type_name)() == name)
    }
}

/// Test of an actor for the ways in which it can be started in another process. Rust prefers an
/// inherent constant to one of a trait, so that each is `None` by way of [`NoStart`] if the actor
/// cannot.
pub struct Probe<A>(PhantomData<A>);

impl<A> Probe<A>
where
    A: TaskActor + Declared + Travels + Serialize + DeserializeOwned + Send,
{
    /// Start from the value of the actor itself.
    pub const VALUE: Option<StartFn> = Some(start_value::<A>);
}

impl<A> Probe<A>
where
    A: TaskActor + Declared + Travels + Create,
    A::Args: Serialize + DeserializeOwned,
{
    /// Start from arguments.
    pub const CREATED: Option<StartFn> = Some(start_created::<A>);
}

/// Fallback of [`Probe`].
pub trait NoStart {
    /// No start.
    const VALUE: Option<StartFn> = None;
    /// No start.
    const CREATED: Option<StartFn> = None;
}

impl<A: Actor> NoStart for Probe<A> {}
