//! Signals and alerts, which reach an actor beside its mailbox.

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
pub(crate) const ABANDONED: u8 = 1;

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
pub(crate) const SIGNAL: u8 = 0x0f;
