//! Values whose methods are the messages of an actor.

use super::{Pool, Route};
use crate::call::Call;
use crate::message::Message;
use crate::node::{Actor, ActorRef};

/// A value whose methods are the messages of `A`: an [`ActorRef<A>`](ActorRef) or a
/// [`Pool<A>`](Pool). The generated calls are implemented for both.
///
/// ```
/// use conclib::prelude::*;
///
/// # #[actor]
/// # struct Squarer;
/// #
/// # #[actor]
/// # impl Squarer {
/// #     #[message]
/// #     fn square(&mut self, n: u64) -> u64 { n * n }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let squarer = system.spawn(Squarer)?;
/// let squarers = system.pool(|| Squarer).size(4).spawn()?;
/// assert_eq!(squarer.square(3).await?, squarers.square(3).await?);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no such method: it is neither a reference to a `{A}` nor a pool of it"
)]
pub trait CallTarget<A: Actor> {
    /// Target of a call: `&ActorRef<A>`, or the [`Route`] to a worker of a pool.
    type To<'a>
    where
        Self: 'a;

    /// Creates a call of a message that `A` handles.
    #[doc(hidden)]
    fn call<M: Message>(&self, message: M) -> Call<Self::To<'_>, M>;
}

impl<A: Actor> CallTarget<A> for ActorRef<A> {
    type To<'a> = &'a Self;

    #[inline(always)]
    fn call<M: Message>(&self, message: M) -> Call<&Self, M> {
        Call::new(self, message)
    }
}

impl<A: Actor> CallTarget<A> for Pool<A> {
    type To<'a> = Route<'a, A>;

    fn call<M: Message>(&self, message: M) -> Call<Route<'_, A>, M> {
        Call::new(Route::new(self, None), message)
    }
}
