//! A handler that runs beside the turns of its actor.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use super::turn::Turn;
use crate::current;
use crate::current::ActorId;
use crate::due::Due;

/// A handler that runs beside the turns.
pub(crate) struct Beside {
    /// Which message it handles.
    pub(super) index: usize,
    /// Who sent that.
    pub(super) from: Option<ActorId>,
    /// Until when its asker waits.
    due: Option<Due>,
    /// Whether it is a stream of replies. That holds up neither the end of its
    /// actor nor what is queued: it may go on for ever.
    pub(super) is_stream: bool,
    turn: Pin<Box<dyn Future<Output = Turn> + Send>>,
}

impl Beside {
    pub(crate) fn new(
        index: usize,
        from: Option<ActorId>,
        due: Option<Due>,
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

impl Future for Beside {
    type Output = Done;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Done> {
        let turn = ready!(current::beside(self.due, || self.turn.as_mut().poll(cx)));
        Poll::Ready(Done {
            index: self.index,
            is_stream: self.is_stream,
            turn,
        })
    }
}

/// A handler beside the turns that is done.
pub(crate) struct Done {
    pub(super) index: usize,
    pub(super) is_stream: bool,
    pub(super) turn: Turn,
}
