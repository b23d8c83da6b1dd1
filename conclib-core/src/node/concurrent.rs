//! Concurrent handlers, which run beside the turns of their actor.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use super::outcome::Turn;
use crate::actor_id::ActorId;
use crate::time::CompactDeadline;
use crate::turn_scope;

/// Handler that runs beside the turns of its actor.
pub(crate) struct ConcurrentHandler {
    /// Index of the message that is handled.
    pub(crate) index: usize,
    /// Actor that sent the message.
    pub(crate) from: Option<ActorId>,
    /// Deadline of the asker.
    due: Option<CompactDeadline>,
    /// True for a stream of replies. Such a handler may go on for ever, so
    /// neither the end of its actor nor the queued messages wait for it.
    pub(crate) is_stream: bool,
    turn: Pin<Box<dyn Future<Output = Turn> + Send>>,
}

impl ConcurrentHandler {
    pub(crate) fn new(
        index: usize,
        from: Option<ActorId>,
        due: Option<CompactDeadline>,
        turn: Pin<Box<dyn Future<Output = Turn> + Send>>,
    ) -> Self {
        Self {
            index,
            from,
            due,
            is_stream: false,
            turn,
        }
    }

    pub(crate) fn stream(
        index: usize,
        from: Option<ActorId>,
        turn: Pin<Box<dyn Future<Output = Turn> + Send>>,
    ) -> Self {
        Self {
            is_stream: true,
            ..Self::new(index, from, None, turn)
        }
    }
}

impl Future for ConcurrentHandler {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Done> {
        let turn = ready!(turn_scope::beside(self.due, || self.turn.as_mut().poll(cx)));
        Poll::Ready(Done {
            index: self.index,
            is_stream: self.is_stream,
            turn,
        })
    }
}

/// Result of a concurrent handler that has finished.
pub(crate) struct Done {
    pub(crate) index: usize,
    pub(crate) is_stream: bool,
    pub(crate) turn: Turn,
}
