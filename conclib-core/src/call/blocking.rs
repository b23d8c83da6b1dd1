//! Asking from code that is not async.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use tokio::task::coop;

use super::future::Asking;
use super::target::Target;
use super::{Call, To};
use crate::deadlock::Wait;
use crate::error::AskError;
use crate::message::Message;
use crate::time::{CompactDeadline, DeadlineTimer};
use crate::{directory, turn_scope};

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(super) fn ask<T: Target<M>, M: Message>(
    call: Call<T, M>,
) -> Result<M::Reply, AskError<M::Error>> {
    let (to, message) = match call.to {
        To::Target(to, message) => (to, message),
        To::Ready(answer) => return *answer,
    };
    let urn = to.urn().about(M::NAME);
    if !may_block() {
        return Err(AskError::WouldBlock { urn });
    }
    // Enters that the actors whose tasks share this thread wait for the actor that
    // blocks it.
    let _waits: Vec<_> = match turn_scope::in_turn() {
        None => Vec::new(),
        Some(who) => turn_scope::tasks_here(|task| directory::find(task).is_some())
            .into_iter()
            .map(|task| Wait::begin_anyway(task, who))
            .collect(),
    };
    let after = call.timeout.or_else(|| to.default_timeout());
    // Ends no later than the deadline of the turn that asks.
    let inherited = turn_scope::due().map(CompactDeadline::remaining);
    let after = after.into_iter().chain(inherited).min();
    let until = after.and_then(|after| Instant::now().checked_add(after));
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    // A thread without a runtime has no timer, so the loop below keeps the deadline.
    let deadline = after.map_or(DeadlineTimer::Never, DeadlineTimer::Kept);
    let mut asking = pin!(Asking::send(
        to,
        message,
        call.priority,
        call.class,
        deadline
    ));
    loop {
        // Polled without a coop budget: inside a turn, a budget that was used up would
        // not be renewed.
        let polled = pin!(coop::unconstrained(asking.as_mut())).poll(&mut cx);
        if let Poll::Ready(answer) = polled {
            return answer;
        }
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(left) if !left.is_zero() => thread::park_timeout(left),
            Some(_) => {
                return Err(asking.late(urn, after.unwrap_or_default()));
            }
        }
    }
}

/// Tells whether this thread may be blocked: the thread is an actor's own, or no
/// runtime polls the calling code.
pub(crate) fn may_block() -> bool {
    turn_scope::may_block() || !in_async_code()
}

/// Tells whether a runtime polls the calling code: only polled code has a coop budget
/// that ends. The threads of `spawn_blocking` have none, and may be blocked.
fn in_async_code() -> bool {
    /// Number larger than any coop budget of tokio's.
    const PLENTY: usize = 1024;
    let mut cx = Context::from_waker(Waker::noop());
    (0..PLENTY).any(|_| match coop::poll_proceed(&mut cx) {
        Poll::Ready(unit) => {
            unit.made_progress();
            false
        }
        Poll::Pending => true,
    })
}
