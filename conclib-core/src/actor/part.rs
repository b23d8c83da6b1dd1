//! Parts of an actor: values inside the actor that have messages of their own.

use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use super::protocol::ProtocolInbox;
use crate::node::{Actor, ActorRef, Turn};

/// A value inside an actor whose methods are messages of the actor. `#[part]
/// impl` writes this; see [`PartRef`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no messages",
    label = "write `#[part]` above the `impl` block with the `#[message]` methods of `{Self}`"
)]
pub trait Part: Sized {
    /// Enum with a variant for each message, which holds the message and its
    /// [`ReplyTo`](crate::reply::ReplyTo).
    type Inbox: ProtocolInbox;

    /// Handles one message, inside the turn of the actor.
    #[doc(hidden)]
    fn turn<O>(
        message: Self::Inbox,
        owner: &mut O,
        to: impl FnOnce(&mut O) -> &mut Self,
    ) -> impl Future<Output = Turn>;
}

/// A reference to an actor, for the messages of one of its parts: the value that
/// `player.playback()` returns.
///
/// The methods of this reference are the messages of the part. Its only other function,
/// [`actor`](Self::actor), returns the actor.
///
/// ```
/// use conclib::PartRef;
/// use conclib::prelude::*;
///
/// #[derive(Default)]
/// pub struct Playback { track: u32 }
///
/// #[part]
/// impl Playback {
///     #[message]
///     fn play(&mut self, track: u32) { self.track = track; }
///
///     #[message]
///     fn track(&self) -> u32 { self.track }
/// }
///
/// #[actor]
/// #[derive(Default)]
/// pub struct Player { playback: Playback }
///
/// #[actor]
/// impl Player {
///     #[part]
///     fn playback(&mut self) -> &mut Playback { &mut self.playback }
/// }
///
/// #[conclib::main]
/// async fn main() -> conclib::Result {
///     let system = System::new("docs");
///     let player = system.spawn(Player::default())?;
///     let playback: PartRef<'_, Player, Playback> = player.playback();
///     playback.play(3).tell().await?;
///     assert_eq!(playback.track().await?, 3);
///     assert_eq!(PartRef::actor(&playback), &player);
///     Ok(())
/// }
/// ```
pub struct PartRef<'a, A: Actor, P, R = ActorRef<A>> {
    actor: &'a R,
    part: PhantomData<fn(A) -> P>,
}

impl<'a, A: Actor, P, R> PartRef<'a, A, P, R> {
    /// Creates a reference to a part of an actor, or of the workers of a pool. A bound on each
    /// method that sends a message checks that the actor has the part.
    pub const fn new(actor: &'a R) -> Self {
        let part = PhantomData;
        Self { actor, part }
    }

    /// Returns the actor that the part belongs to, or the pool. This is no method, so that its name
    /// stays free for messages.
    pub const fn actor(this: &Self) -> &'a R {
        this.actor
    }
}

impl<A: Actor, P, R> Clone for PartRef<'_, A, P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Actor, P, R> Copy for PartRef<'_, A, P, R> {}

/// Compares the actors: two references are equal if they lead to the same part of the
/// same actor.
impl<A: Actor, P, R: PartialEq> PartialEq for PartRef<'_, A, P, R> {
    fn eq(&self, other: &Self) -> bool {
        self.actor == other.actor
    }
}

impl<A: Actor, P, R: Eq> Eq for PartRef<'_, A, P, R> {}

impl<A: Actor, P, R: Hash> Hash for PartRef<'_, A, P, R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.actor.hash(state);
    }
}

impl<A: Actor, P, R: fmt::Debug> fmt::Debug for PartRef<'_, A, P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = std::any::type_name::<P>();
        write!(f, "PartRef<{part}>({:?})", self.actor)
    }
}
