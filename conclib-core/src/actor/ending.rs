//! How far an actor is in its life, and who waits for that.

use super::{State, StopReason};
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard, Notify, PoisonError};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

/// How far an actor is in its life, for those who wait for it.
pub(crate) struct Ending {
    state: AtomicU8,
    /// Whether it got through `#[on(start)]`.
    started: AtomicBool,
    changed: Notify,
    reasons: Mutex<Reasons>,
}

#[derive(Default)]
struct Reasons {
    /// Why it was told to end, if it was: what the loop itself cannot know.
    asked: Option<StopReason>,
    /// Why it ended.
    ended: Option<StopReason>,
}

impl Ending {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(State::Starting as u8),
            started: AtomicBool::new(false),
            changed: Notify::new(),
            reasons: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> State {
        const RUNNING: u8 = State::Running as u8;
        const STOPPING: u8 = State::Stopping as u8;
        match self.state.load(Ordering::Acquire) {
            0 => State::Starting,
            RUNNING => State::Running,
            STOPPING => State::Stopping,
            _ => State::Stopped,
        }
    }

    /// Whether that is news.
    pub(crate) fn advance(&self, state: State) -> bool {
        if state == State::Running {
            self.started.store(true, Ordering::Relaxed);
        }
        let before = self.state.fetch_max(state as u8, Ordering::AcqRel);
        let is_news = before < state as u8;
        if is_news && state != State::Stopping {
            self.changed.notify_waiters();
        }
        is_news
    }

    /// Why it was told to end, by the first who did. If nobody did, its last
    /// reference went.
    pub(crate) fn asked(&self) -> StopReason {
        let asked = self.reasons().asked.clone();
        asked.unwrap_or(StopReason::Unreferenced)
    }

    /// The first to tell it to end has the say in why.
    pub(super) fn ask(&self, reason: StopReason) {
        self.reasons().asked.get_or_insert(reason);
    }

    pub(super) fn end(&self, reason: StopReason) {
        let mut reasons = self.reasons();
        reasons.ended = Some(reason);
        // Under the lock: whoever knows why it ended sees that it has.
        self.state.fetch_max(State::Stopped as u8, Ordering::AcqRel);
        drop(reasons);
        self.changed.notify_waiters();
    }

    /// Why it ended, if it has.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.reasons().ended.clone()
    }

    /// Something changed that is seen elsewhere.
    pub(crate) fn tell_change(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until something is so that changes are told of.
    pub(crate) async fn until(&self, is_so: impl Fn() -> bool) {
        loop {
            let changed = self.changed.notified();
            if is_so() {
                return;
            }
            changed.await;
        }
    }

    /// Waits for the end.
    pub(crate) async fn wait(&self) -> StopReason {
        loop {
            let changed = self.changed.notified();
            if let Some(reason) = self.reason() {
                return reason;
            }
            changed.await;
        }
    }

    /// Waits until it has started; the reason if it never did.
    pub(crate) async fn started(&self) -> Result<(), StopReason> {
        loop {
            let changed = self.changed.notified();
            match self.state() {
                State::Starting => changed.await,
                State::Running | State::Restarting | State::Stopping => return Ok(()),
                State::Stopped => {
                    return match self.started.load(Ordering::Relaxed) {
                        true => Ok(()),
                        false => Err(self.wait().await),
                    };
                }
            }
        }
    }

    fn reasons(&self) -> MutexGuard<'_, Reasons> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
