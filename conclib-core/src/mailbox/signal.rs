//! Signals and alerts, which reach an actor beside its mailbox.

use crate::sync::atomic::{AtomicU8, Ordering};

/// Signal that tells an actor to end, in the order of urgency. A signal is only
/// replaced by a more urgent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Signal {
    None = 0,
    /// Handles the messages that are queued, then ends.
    Drain = 2,
    /// Finishes the turn, then ends.
    Now = 3,
    /// Ends at the next await.
    Kill = 4,
}

/// Value between [`Signal::None`] and [`Signal::Drain`], and the only one that is taken
/// back: the last reference was dropped, and it is not decided yet whether the actor
/// ends.
pub(super) const ABANDONED: u8 = 1;

/// Origin of the signal to end. An end by the parent or the system has a stop reason of
/// its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum By {
    Anyone = 1,
    Parent = 2,
    System = 3,
    /// Last handle of the system, as it was dropped.
    DroppedSystem = 4,
}

/// Event that the loop has to handle besides messages. Each is one bit above those of
/// the [`Signal`], so that one comparison finds any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Alert {
    /// A notice about a child or a watched actor is queued.
    Notice = 0x10,
    /// The incarnation has to end after its turn, for the next one to begin.
    Recycle = 0x20,
    /// The incarnation has to end at its next await, for the next one to begin.
    Abort = 0x40,
    /// The hook of the system is asked before each turn of the actor. Never cleared.
    Gate = 0x80,
}

/// Mask of the bits of the signal.
const SIGNAL: u8 = 0x0f;

/// Current signal of an actor, and its pending alerts.
pub(super) struct Signals(AtomicU8);

impl Signals {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(Signal::None as u8))
    }

    #[inline]
    pub(super) fn signal(&self) -> Signal {
        const DRAIN: u8 = Signal::Drain as u8;
        const NOW: u8 = Signal::Now as u8;
        match self.0.load(Ordering::Relaxed) & SIGNAL {
            0 | ABANDONED => Signal::None,
            DRAIN => Signal::Drain,
            NOW => Signal::Now,
            _ => Signal::Kill,
        }
    }

    /// Raises a signal. Returns false if a signal at least as urgent was raised before.
    pub(super) fn raise(&self, signal: Signal) -> bool {
        self.change(|before| (before < signal as u8).then_some(signal as u8))
    }

    /// Notes that the last reference was dropped.
    pub(super) fn abandon(&self) {
        self.change(|before| (before == Signal::None as u8).then_some(ABANDONED));
    }

    #[inline]
    pub(super) fn is_abandoned(&self) -> bool {
        self.0.load(Ordering::SeqCst) & SIGNAL == ABANDONED
    }

    /// Decides how an abandoned actor goes on, unless a signal was raised meanwhile.
    pub(super) fn settle(&self, signal: Signal) {
        self.change(|before| (before == ABANDONED).then_some(signal as u8));
    }

    /// Changes the bits of the signal, and leaves the alerts.
    fn change(&self, change: impl Fn(u8) -> Option<u8>) -> bool {
        let (set, fetch) = (Ordering::SeqCst, Ordering::SeqCst);
        let changed = |before: u8| Some(before & !SIGNAL | change(before & SIGNAL)?);
        self.0.fetch_update(set, fetch, changed).is_ok()
    }

    /// Tells whether there is neither a signal nor an abandoned actor.
    #[inline]
    pub(super) fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) & SIGNAL == Signal::None as u8
    }

    /// Tells whether there is a signal to end at once, or an alert.
    #[inline(always)]
    pub(super) fn is_urgent(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Signal::Now as u8
    }

    /// Tells whether there is anything for the loop besides messages.
    pub(super) fn has_work(&self) -> bool {
        self.0.load(Ordering::SeqCst) & !(Alert::Gate as u8) != 0
    }

    pub(super) fn mark(&self, alert: Alert) {
        self.0.fetch_or(alert as u8, Ordering::SeqCst);
    }

    #[inline]
    pub(super) fn is_alerted(&self, alert: Alert) -> bool {
        self.0.load(Ordering::SeqCst) & alert as u8 != 0
    }

    pub(super) fn clear(&self, alert: Alert) {
        self.0.fetch_and(!(alert as u8), Ordering::SeqCst);
    }
}
