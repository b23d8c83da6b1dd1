//! End of an ownership.

use std::sync::Arc;

/// Reason why an owner does not go on.
#[derive(Debug)]
pub(super) enum End {
    /// The server knows another owner, or none.
    Fenced,
    /// The actor is gone, the mailbox is idle, or the system ends. Of these messages an attempt has
    /// begun and not ended.
    Left(Vec<Begun>),
}

/// Message whose attempts are not those that the server would assume.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) id: Arc<str>,
    /// Number of attempts; `None` if the server knows it unless it is 1.
    pub(super) attempts: Option<u64>,
}
