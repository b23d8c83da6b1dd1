//! A wait, as the future that polls for its answer holds it.

use std::fmt;
use std::mem::replace;
use std::task::{Context, Poll, Waker};

use super::graph::Manner;
use super::{WaitNumber, Waits, chain};
use crate::current;
use crate::current::ActorId;
use crate::named::Named;
use conclib_wire::Cycle;

/// Entry of an actor that waits for another; its drop takes the wait out.
pub(crate) struct Wait {
    who: ActorId,
    ask: WaitNumber,
    /// Number of the turn of `who` that waits.
    turn: u32,
    /// Count of the changes of the graph that are known here.
    seen: u32,
    /// Number of the waker that the answer was polled with.
    by: usize,
    is_sure: bool,
}

impl Wait {
    /// Enters the wait, unless it would close a circle: the error names all in it.
    ///
    /// With a waker the wait counts for as long as waking it has the answer
    /// polled again; without one, for as long as this exists. If `may_doubt`,
    /// the wait may be entered while a circle is still in doubt.
    pub(crate) fn begin(
        who: ActorId,
        whom: ActorId,
        waker: Option<&Waker>,
        may_doubt: bool,
    ) -> Result<Self, Cycle> {
        let waits = Waits::of_process();
        let seen = waits.changes();
        let manner = Manner {
            passed: None,
            waker,
            settles: waker.filter(|_| may_doubt),
        };
        let entered = waits.enter(who, whom, manner);
        let (ask, is_sure) = entered.map_err(chain::named)?;
        current::set_waited();
        Ok(Self {
            who,
            ask,
            turn: current::turn(),
            seen,
            by: waker.map_or(0, address),
            is_sure,
        })
    }

    /// Enters a wait even if that closes a circle: no ask of this actor could be told.
    /// The asks of others in the circle are, once they were polled again.
    pub(crate) fn begin_anyway(who: ActorId, whom: ActorId) -> Self {
        let waits = Waits::of_process();
        let ask = waits.enter_anyway(who, whom);
        Self {
            who,
            ask,
            turn: current::turn(),
            seen: waits.changes(),
            by: 0,
            is_sure: true,
        }
    }

    /// Enters a wait for the actor behind a name; `None` if that is none of this
    /// process.
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

    /// Enters, asleep, an ask by which the turn that runs here will wait once it
    /// polls for the answer; `None` outside of turns.
    pub(crate) fn expected(whom: &(impl Named + ?Sized)) -> Option<Self> {
        let who = current::in_turn()?;
        let mut expected = None;
        whom.wait(&mut |whom, _| {
            let ask = Waits::of_process().graph().expect(who, whom);
            expected = Some(Self::entered(who, ask));
            Ok(())
        });
        expected
    }

    /// Puts the wait to sleep: its answer is kept, and not polled any more.
    pub(crate) fn rest(&mut self) {
        // Polls of other things were known: a poll of the answer itself was not.
        if replace(&mut self.by, 0) != 0 {
            Waits::of_process().rest(self.who, self.ask);
        }
    }

    /// Wait of the actor whose turn runs here, which is entered by that number.
    pub(super) fn entered(who: ActorId, ask: WaitNumber) -> Self {
        current::set_waited();
        Self {
            who,
            ask,
            turn: current::turn(),
            seen: Waits::of_process().changes(),
            by: 0,
            is_sure: true,
        }
    }

    /// Number of the ask, among those of its actor.
    pub(crate) fn number(&self) -> WaitNumber {
        self.ask
    }

    /// Tells whether the wait is of the turn that runs here.
    pub(crate) fn is_here(&self) -> bool {
        current::in_turn() == Some(self.who) && self.turn == current::turn()
    }

    /// Tells whether the wait surely closes no circle.
    pub(crate) fn is_sure(&self) -> bool {
        self.is_sure
    }

    /// Notes that the turn that runs here has polled the answer, which has not come.
    /// Returns pending while a circle is in doubt.
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

    /// Tells whether polling the wait again would change nothing.
    #[inline]
    fn is_known(&self, cx: &Context<'_>) -> bool {
        self.is_sure
            && self.by == address(cx.waker())
            && self.is_here()
            && self.seen == Waits::of_process().changes()
    }
}

/// Address by which wakers that are there at the same time are told apart.
fn address(waker: &Waker) -> usize {
    waker.data().addr()
}

/// Enters that the turn that runs here, if any, waits for an answer of `whom`
/// that it has polled and that has not come.
///
/// # Errors
/// The circle that this closes.
#[inline]
pub(crate) fn polled(
    wait: &mut Option<Wait>,
    cx: &Context<'_>,
    whom: &(impl Named + ?Sized),
) -> Result<(), Cycle> {
    match wait {
        Some(wait) if wait.is_known(cx) => Ok(()),
        None if current::in_turn().is_none() => Ok(()),
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
            // The wait is polled again when that is settled.
            Poll::Pending => Ok(()),
        };
    }
    *wait = None;
    if let Some(who) = current::in_turn() {
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
