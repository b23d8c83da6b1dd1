//! How a subscriber hears that it has missed something: it gets a place in
//! the line before its full mailbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use super::lagged::Lagged;
use crate::actor::{Cell, Handler, Resident, Ticket};
use crate::reply::Request;

/// Whom to tell of what was missed.
pub(super) enum Notice {
    /// It handles [`Lagged`].
    Heard(Arc<dyn Hearing>),
    /// It does not: only the event and the count tell.
    Unheard(Arc<dyn Resident>),
}

/// What is to be told.
#[derive(Clone, Copy)]
pub(super) struct Lag<'a> {
    pub(super) topic: &'a Arc<str>,
    pub(super) missed: &'a AtomicU64,
    /// That of the messages of the topic: with another, the notice could come
    /// after newer ones, or before older.
    pub(super) priority: u8,
}

/// An actor that handles [`Lagged`].
pub(super) trait Hearing: Resident {
    fn poll_tell(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        lag: Lag<'_>,
    ) -> Poll<Result<u64, ()>>;
}

impl Notice {
    pub(super) fn home(&self) -> &dyn Resident {
        match self {
            Self::Heard(actor) => &**actor,
            Self::Unheard(actor) => &**actor,
        }
    }

    /// Waits for a place, then tells it: how many, which `lag` counts no
    /// longer. An error if it takes nothing more.
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

impl<A: Handler<Lagged>> Hearing for Cell<A> {
    fn poll_tell(
        &self,
        cx: &mut Context<'_>,
        ticket: &mut Option<Ticket>,
        lag: Lag<'_>,
    ) -> Poll<Result<u64, ()>> {
        let mut told = 0;
        // Under the lock of the mailbox: what is published from the moment on
        // that the count is zero comes behind this message.
        let make = |topic| {
            told = lag.missed.swap(0, Ordering::SeqCst);
            A::wrap(Request::tick(Lagged::new(topic, told)))
        };
        self.poll_admit(cx, ticket, &mut Some(lag.topic.clone()), lag.priority, make)
            .map_ok(|()| told)
    }
}
