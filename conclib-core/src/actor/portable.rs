//! Sources of an actor's state that can be sent to another process.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::factory::{Args, Factory, FromArgs, FromValue, Restarting, StateSource};
use super::restart::Restart;
use crate::node::{Actor, Create};

/// Source of state that can be sent to another process: a value of a serde type, or serde
/// arguments of `#[on(create)]`.
#[diagnostic::on_unimplemented(
    message = "the state of `{A}` cannot be sent to another process",
    label = "this state stays inside its process",
    note = "spawn it by `create::<{A}>(args)`, from arguments that are serde types, or by `actor(value)`, from a value that is one: a closure cannot travel"
)]
pub trait Portable<A: Actor>: Factory<A> {
    /// Value or arguments that travel.
    #[doc(hidden)]
    type Data: Serialize + DeserializeOwned + Send + 'static;
    /// True if the data are arguments, and false if they are the state itself.
    #[doc(hidden)]
    const IS_ARGS: bool;
    /// Returns the data, unless they were used up, and the policy for restarts, if there is one.
    #[doc(hidden)]
    fn into_data(self) -> (Option<Self::Data>, Option<Restart>);
}

/// Value or arguments that travel: any serde type.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no serde type, so it cannot be sent to another process",
    label = "a state, or arguments, that stay inside this process",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` above `{Self}`"
)]
pub trait PortableData: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> PortableData for T {}

impl<A: Actor + PortableData + Send> Portable<A> for FromValue<A> {
    type Data = A;
    const IS_ARGS: bool = false;

    fn into_data(self) -> (Option<A>, Option<Restart>) {
        (self.0, None)
    }
}

impl<A: Create> Portable<A> for FromArgs<A::Args>
where
    A::Args: PortableData,
{
    type Data = A::Args;
    const IS_ARGS: bool = true;

    fn into_data(self) -> (Option<A::Args>, Option<Restart>) {
        (self.0, None)
    }
}

impl<A: Create> Portable<A> for Restarting<Option<Args<A::Args>>>
where
    A::Args: PortableData + Clone,
{
    type Data = A::Args;
    const IS_ARGS: bool = true;

    fn into_data(self) -> (Option<A::Args>, Option<Restart>) {
        let (source, policy) = self.into_parts();
        (source.map(|args| args.0), Some(policy))
    }
}

/// Source of the states of many actors, each of which can be sent to another process: arguments of
/// `#[on(create)]`, or a closure that makes values of a serde type.
#[diagnostic::on_unimplemented(
    message = "the state of `{A}` cannot be sent to other processes",
    label = "this state stays inside its process",
    note = "build the pool by `pool_of::<{A}>(args)`, from arguments that are serde types, or by `pool(closure)`, from values that are one"
)]
pub trait PortableSource<A: Actor>: StateSource<A> + Clone {
    /// Value or arguments that travel.
    #[doc(hidden)]
    type Data: Serialize + DeserializeOwned + Send + 'static;
    /// True if the data are arguments, and false if they are the state itself.
    #[doc(hidden)]
    const IS_ARGS: bool;
    /// Returns the data of one actor.
    #[doc(hidden)]
    fn data(&self) -> Self::Data;
}

impl<A: Create> PortableSource<A> for Args<A::Args>
where
    A::Args: PortableData + Clone,
{
    type Data = A::Args;
    const IS_ARGS: bool = true;

    fn data(&self) -> A::Args {
        self.0.clone()
    }
}
