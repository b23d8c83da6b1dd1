//! Notice to a subscriber that it has missed messages. The notice waits for room in the
//! subscriber's full mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use super::lagged::Lagged;
use crate::mailbox::Ticket;
use crate::node::{ActorCell, AnyActor, Handler};
use crate::reply::Request;

/// Subscriber to notify of missed messages.
pub(super) enum LagSink {
    /// Actor that handles [`Lagged`].
    Heard(Arc<dyn Hearing>),
    /// Actor that does not: only the event and the count report.
    Unheard(Arc<dyn AnyActor>),
}

/// Content of a notice.
#[derive(Clone, Copy)]
pub(super) struct Lag<'a> {
    pub(super) topic: &'a Arc<str>,
    pub(super) missed: &'a AtomicU64,
    /// Priority of the topic's messages: with another one, the notice could come after newer
    /// messages, or before older ones.
    pub(super) priority: u8,
}

/// Actor that handles [`Lagged`].
pub(super) trait Hearing: AnyActor {
    fn poll_tell(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        lag: Lag<'_>,
    ) -> Poll<Result<u64, ()>>;
}

impl LagSink {
    pub(super) fn home(&self) -> &dyn AnyActor {
        match self {
            Self::Heard(actor) => &**actor,
            Self::Unheard(actor) => &**actor,
        }
    }

    /// Waits for room in the mailbox, then delivers the notice. Returns the number of missed
    /// messages, which `lag` does not count any more. An error if the actor takes no more messages.
    pub(super) fn poll(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        lag: Lag<'_>,
    ) -> Poll<Result<u64, ()>> {
        match self {
            Self::Heard(actor) => actor.poll_tell(cx, ticket, lag),
            Self::Unheard(actor) => actor
                .poll_room(cx, ticket)
                .map_ok(|()| lag.missed.swap(0, Ordering::SeqCst)),
        }
    }
}

impl<A: Handler<Lagged>> Hearing for ActorCell<A> {
    fn poll_tell(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        lag: Lag<'_>,
    ) -> Poll<Result<u64, ()>> {
        let mut told = 0;
        // Taken under the lock of the mailbox: a message that is published after the count was
        // reset is queued behind this notice.
        let make = |topic| {
            told = lag.missed.swap(0, Ordering::SeqCst);
            A::wrap(Request::tick(Lagged::new(topic, told)))
        };
        self.poll_admit(cx, ticket, &mut Some(lag.topic.clone()), lag.priority, make)
            .map_ok(|()| told)
    }
}
