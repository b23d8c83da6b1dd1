//! Objects that stay with an actor, and the handles by which others use them.

use std::any::type_name;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use conclib_wire::shape::{Depth, End, Kind, Value, hash};
use conclib_wire::{Shape, Urn};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::actor::TaskActor;
use crate::node::{Actor, ActorRef, AnyActor, Context, Declared, Share, Travels};
use crate::remote::ended;

/// Handle of an object that stays with the actor that holds it.
///
/// The object is an actor itself, in the same process: any `#[actor]`, or a ready-made one of
/// `conclib::held`. A handle derefs to the [`ActorRef`] of the object, so its messages are sent in
/// the same way. A wait in the object does not delay the actor that holds it.
///
/// A handle travels in messages and replies, also to a third process, and always leads back to the
/// same object.
///
/// # Life
/// A handle keeps two actors alive: the object, and the anonymous actor that holds it, also if that
/// one has a process of its own. The object of [`Context::hold`] ends with its last handle, or
/// earlier with the actor that holds it. Messages to an object that has ended fail.
///
/// A handle in the state of the actor itself is, like [`Context::me`], a reference of an actor to
/// itself: with it an anonymous actor lives until it is stopped. For an object that the actor keeps
/// there is [`Context::lend`].
///
/// # Examples
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// pub struct Tally(u64);
///
/// #[actor]
/// impl Tally {
///     #[message]
///     fn add(&mut self, by: u64) -> u64 { self.0 += by; self.0 }
/// }
///
/// #[actor]
/// struct Clerk;
///
/// #[actor]
/// impl Clerk {
///     #[message]
///     fn tally(&mut self, ctx: &mut Context<Self>) -> Held<Tally> { ctx.hold(Tally(40)) }
/// }
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let clerk = system.spawn(Clerk)?;
/// let tally = clerk.tally().await?;
/// let other = Held::clone(&tally);
/// drop(clerk);
/// tally.add(1).await?;
/// assert_eq!(other.add(1).await?, 42);
/// # Ok(())
/// # }
/// ```
pub struct Held<T: Actor> {
    object: ActorRef<T>,
    owner: Share,
}

impl<A: Actor> Context<A> {
    /// Holds an object for others: it stays with this actor, as an actor of its own, and ends with
    /// its last handle. See [`Held`].
    ///
    /// The object ends also with this actor, or with its incarnation if this actor is restarted. It
    /// is one of the [`children`](Self::children), but its end is its own: no `#[on(child)]` runs,
    /// and a panic in it does not become the failure of this actor.
    ///
    /// If the object cannot be spawned, as the system is shutting down or the runtime has no timers,
    /// it counts as ended, and the log has the error.
    pub fn hold<T: TaskActor + Declared + Send>(&self, object: T) -> Held<T> {
        let builder = self.actor(object).change(|options| {
            options.urn = None;
            options.seed.counted = true;
        });
        let object = builder.spawn().unwrap_or_else(|error| {
            let system = &self.cell().system;
            tracing::error!(target: "conclib", %error, "an object is not held");
            ActorRef::away(Arc::new(ended(Urn::anonymous(), system.node())))
        });
        self.lend(&object)
    }

    /// Makes a handle of an object that this actor keeps in its state: an actor, most often a child.
    /// The handle keeps this actor alive; the reference in the state does not.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// pub struct Tally(u64);
    ///
    /// #[actor]
    /// impl Tally {
    ///     #[message]
    ///     fn add(&mut self, by: u64) -> u64 { self.0 += by; self.0 }
    /// }
    ///
    /// #[actor]
    /// struct Clerk { tally: ActorRef<Tally> }
    ///
    /// #[actor]
    /// impl Clerk {
    ///     #[on(create)]
    ///     fn create(start: u64, ctx: &mut Context<Self>) -> Result<Self, SpawnError> {
    ///         Ok(Self { tally: ctx.spawn(Tally(start))? })
    ///     }
    ///
    ///     #[message]
    ///     fn tally(&mut self, ctx: &mut Context<Self>) -> Held<Tally> { ctx.lend(&self.tally) }
    /// }
    ///
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// # let system = System::new("docs");
    /// let clerk = system.create::<Clerk>(40).spawn()?;
    /// let (one, two) = (clerk.tally().await?, clerk.tally().await?);
    /// one.add(1).await?;
    /// assert_eq!(two.add(1).await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn lend<T: Actor>(&self, object: &ActorRef<T>) -> Held<T> {
        let me: Arc<dyn AnyActor> = self.cell().clone();
        Held {
            object: object.clone(),
            owner: Share::of(me),
        }
    }
}

impl<T: Actor> Held<T> {
    /// Returns the name of the object's type.
    pub fn type_name(&self) -> &'static str {
        type_name::<T>()
    }
}

impl<T: Actor> Deref for Held<T> {
    type Target = ActorRef<T>;

    fn deref(&self) -> &ActorRef<T> {
        &self.object
    }
}

impl<T: Actor> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
            owner: self.owner.clone(),
        }
    }
}

/// Handles are equal if they lead to the same object.
impl<T: Actor> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl<T: Actor> Eq for Held<T> {}

impl<T: Actor> Hash for Held<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.object.hash(state);
    }
}

impl<T: Actor> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.object)
    }
}

impl<T: Travels> Serialize for Held<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.object, &self.owner).serialize(serializer)
    }
}

impl<'de, T: Travels> Deserialize<'de> for Held<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (object, owner) = Deserialize::deserialize(deserializer)?;
        Ok(Self { object, owner })
    }
}

impl<T: Actor> Shape for Held<T> {
    const END: u64 = <Self::At<End> as Value>::VALUE;
    type At<D: Depth> = Kind<{ hash("held") }, ()>;
}
