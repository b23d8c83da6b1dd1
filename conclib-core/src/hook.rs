//! Hook before each turn of the actors of a system, for the test kit.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::actor_id::ActorId;

/// Future of a [`TurnDecision`].
pub type Deciding = Pin<Box<dyn Future<Output = TurnDecision> + Send>>;

/// Decides on each turn of the actors of one system, and hears of their
/// progress. A system has one from
/// [`SystemUnderTest::hook_or_install`](crate::__private::SystemUnderTest::hook_or_install)
/// on; the actors of any other system do nothing for it.
pub trait TurnHook: Any + Send + Sync {
    /// Decides on the turn of an actor that has taken up a message of that
    /// wire name. The turn is delayed for as long as the future takes; the
    /// future is dropped if the actor is killed meanwhile.
    fn before_turn(self: Arc<Self>, actor: ActorId, message: &'static str) -> Deciding;

    /// Says that an actor has looked for its next message: `parks` if it found
    /// none and no handler of it runs.
    fn looked(&self, actor: ActorId, parks: bool);

    /// Says that an actor has ended.
    fn ended(&self, actor: ActorId);
}

/// Decision of a [`TurnHook`] on a turn that has not begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnDecision {
    /// Runs the handler.
    Go,
    /// Panics with this text in place of the handler.
    Fail(String),
    /// Drops the message: it becomes a dead letter, and its asker is told
    /// `NoReply`.
    Lose,
}
