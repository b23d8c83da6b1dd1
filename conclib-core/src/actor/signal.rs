//! What an actor is told beside its mailbox.

/// How an actor is to end, in the order of urgency. A signal only ever grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Signal {
    None = 0,
    /// Serve what is queued, then end.
    Drain = 2,
    /// Finish the turn, then end.
    Now = 3,
    /// End at the next await.
    Kill = 4,
}

/// Between [`Signal::None`] and [`Signal::Drain`], and the only one that is
/// taken back: the last reference is gone, and it is not decided yet whether
/// the actor ends for that.
pub(super) const ABANDONED: u8 = 1;

/// Who told an actor to end. For a parent and a system that is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum By {
    Anyone = 1,
    Parent = 2,
    System = 3,
}

/// What the loop has to look at besides messages. One bit each, above those of
/// the [`Signal`], so that one comparison finds any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Alert {
    /// A child has ended, or somebody who is watched.
    Notice = 0x10,
    /// This incarnation is to end after its turn, for the next one.
    Recycle = 0x20,
    /// This incarnation is to end at its next await, for the next one.
    Abort = 0x40,
    /// The hook of its system is asked before each of its turns. It stays.
    Gate = 0x80,
}

/// The bits of the signal.
pub(super) const SIGNAL: u8 = 0x0f;
