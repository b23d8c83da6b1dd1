//! Guard of a wait, held by the future that polls for the answer.

use std::fmt;
use std::mem::replace;
use std::task::{Context, Poll, Waker};

use conclib_wire::Cycle;

use super::chain;
use super::graph::WaitOptions;
use super::waits::{WaitNumber, Waits};
use crate::actor_id::ActorId;
use crate::named::Named;
use crate::turn_scope;

/// Guard of an actor's wait for another; its drop takes the wait out of the graph.
pub(crate) struct Wait {
    who: ActorId,
    ask: WaitNumber,
    /// Number of the turn of `who` that waits.
    turn: u32,
    /// Value of the graph's change counter at the last poll.
    seen: u32,
    /// Address of the waker that the answer was last polled with.
    by: usize,
    is_sure: bool,
}

impl Wait {
    /// Enters the wait, unless that would close a cycle: the error names all actors in it.
    ///
    /// With a waker, the wait counts for as long as waking it has the answer polled again; without
    /// one, for as long as the guard lives. With `may_doubt`, the wait may be entered while the
    /// cycle is unconfirmed.
    pub(crate) fn begin(
        who: ActorId,
        whom: ActorId,
        waker: Option<&Waker>,
        may_doubt: bool,
    ) -> Result<Self, Cycle> {
        let waits = Waits::of_process();
        let seen = waits.changes();
        let manner = WaitOptions {
            passed: None,
            waker,
            settles: waker.filter(|_| may_doubt),
        };
        let entered = waits.enter(who, whom, manner);
        let (ask, is_sure) = entered.map_err(chain::named)?;
        turn_scope::set_waited();
        Ok(Self {
            who,
            ask,
            turn: turn_scope::turn(),
            seen,
            by: waker.map_or(0, address),
            is_sure,
        })
    }

    /// Enters a wait even if that closes a cycle, for an actor that has no ask which could fail.
    /// The other asks in the cycle fail, once they were polled again.
    pub(crate) fn begin_anyway(who: ActorId, whom: ActorId) -> Self {
        let waits = Waits::of_process();
        let ask = waits.enter_anyway(who, whom);
        Self {
            who,
            ask,
            turn: turn_scope::turn(),
            seen: waits.changes(),
            by: 0,
            is_sure: true,
        }
    }

    /// Enters a wait for the actor behind `whom`; `None` if that is no actor of this process.
    pub(crate) fn begin_for(
        who: ActorId,
        whom: &(impl Named + ?Sized),
        waker: &Waker,
    ) -> Result<Option<Self>, Cycle> {
        let mut begun = None;
        let entered = whom.wait(&mut |whom, may_doubt| {
            begun = Some(Self::begin(who, whom, Some(waker), may_doubt)?);
            Ok(())
        });
        entered.transpose()?;
        Ok(begun)
    }

    /// Enters an asleep wait of the current turn, which counts once the answer is polled; `None`
    /// outside of turns.
    pub(crate) fn expected(whom: &(impl Named + ?Sized)) -> Option<Self> {
        let who = turn_scope::in_turn()?;
        let mut expected = None;
        whom.wait(&mut |whom, _| {
            let ask = Waits::of_process().graph().expect(who, whom);
            expected = Some(Self::entered(who, ask));
            Ok(())
        });
        expected
    }

    /// Makes the wait asleep: its future is kept, and not polled any more.
    pub(crate) fn rest(&mut self) {
        // The zero address forces the next poll of the answer to enter it in the graph.
        if replace(&mut self.by, 0) != 0 {
            Waits::of_process().rest(self.who, self.ask);
        }
    }

    /// Returns the guard of a wait of the current turn that is already entered under that number.
    pub(crate) fn entered(who: ActorId, ask: WaitNumber) -> Self {
        turn_scope::set_waited();
        Self {
            who,
            ask,
            turn: turn_scope::turn(),
            seen: Waits::of_process().changes(),
            by: 0,
            is_sure: true,
        }
    }

    /// Returns the number of the ask, among those of its actor.
    pub(crate) fn number(&self) -> WaitNumber {
        self.ask
    }

    /// Returns true if the wait belongs to the current turn.
    pub(crate) fn is_here(&self) -> bool {
        turn_scope::in_turn() == Some(self.who) && self.turn == turn_scope::turn()
    }

    /// Returns true if the wait is known to close no cycle.
    pub(crate) fn is_sure(&self) -> bool {
        self.is_sure
    }

    /// Notes that the current turn has polled the answer, which is pending. Returns pending while a
    /// cycle is unconfirmed.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<(), Cycle>> {
        let waits = Waits::of_process();
        self.seen = waits.changes();
        self.by = address(cx.waker());
        match waits.polled(self.who, self.ask, cx.waker()) {
            Ok(is_sure) => {
                self.is_sure = is_sure;
                match is_sure {
                    true => Poll::Ready(Ok(())),
                    false => Poll::Pending,
                }
            }
            Err(circle) => Poll::Ready(Err(chain::named(circle))),
        }
    }

    /// Returns true if polling the wait again would change nothing.
    #[inline]
    fn is_known(&self, cx: &Context<'_>) -> bool {
        self.is_sure
            && self.by == address(cx.waker())
            && self.is_here()
            && self.seen == Waits::of_process().changes()
    }
}

/// Address that tells apart wakers that exist at the same time.
fn address(waker: &Waker) -> usize {
    waker.data().addr()
}

/// Enters the wait of the current turn, if there is one, for an answer of `whom` that it has polled
/// and that is pending.
///
/// # Errors
/// Returns the cycle that the wait closes.
#[inline]
pub(crate) fn polled(
    wait: &mut Option<Wait>,
    cx: &Context<'_>,
    whom: &(impl Named + ?Sized),
) -> Result<(), Cycle> {
    match wait {
        Some(wait) if wait.is_known(cx) => Ok(()),
        None if turn_scope::in_turn().is_none() => Ok(()),
        _ => polled_anew(wait, cx, whom),
    }
}

#[inline(never)]
fn polled_anew(
    wait: &mut Option<Wait>,
    cx: &Context<'_>,
    whom: &(impl Named + ?Sized),
) -> Result<(), Cycle> {
    if let Some(wait) = wait.as_mut().filter(|wait| wait.is_here()) {
        return match wait.poll(cx) {
            Poll::Ready(known) => known,
            // The waker polls the wait again when the doubt is settled.
            Poll::Pending => Ok(()),
        };
    }
    *wait = None;
    if let Some(who) = turn_scope::in_turn() {
        *wait = Wait::begin_for(who, whom, cx.waker())?;
    }
    Ok(())
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("who", &self.who)
            .field("ask", &self.ask)
            .finish_non_exhaustive()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        Waits::of_process().leave(self.who, self.ask);
    }
}
