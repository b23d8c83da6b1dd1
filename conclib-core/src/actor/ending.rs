//! How far an actor is in its life, and who waits for that.

use super::signal::By;
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
use crate::sync::{Mutex, MutexGuard, Notified, Notify, PoisonError};
use conclib_wire::{State, StopReason};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

/// How far an actor is in its life, for those who wait for it.
pub(crate) struct Ending {
    state: AtomicU8,
    /// Whether it got through `#[on(start)]`.
    started: AtomicBool,
    /// Who told it to end first; zero for nobody. The loop itself cannot know.
    by: AtomicU8,
    /// Whether anybody ever waited for a change. Most actors end with nobody
    /// waiting for it.
    is_awaited: AtomicBool,
    changed: Notify,
    /// Why it ended.
    reason: Mutex<Option<StopReason>>,
}

impl Ending {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(State::Starting as u8),
            started: AtomicBool::new(false),
            by: AtomicU8::new(0),
            is_awaited: AtomicBool::new(false),
            changed: Notify::new(),
            reason: Mutex::new(None),
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
            self.tell_change();
        }
        is_news
    }

    /// Who told it to end, the first of them. If nobody did, its last
    /// reference went.
    pub(crate) fn by(&self) -> Option<By> {
        const ANYONE: u8 = By::Anyone as u8;
        const PARENT: u8 = By::Parent as u8;
        match self.by.load(Ordering::Acquire) {
            0 => None,
            ANYONE => Some(By::Anyone),
            PARENT => Some(By::Parent),
            _ => Some(By::System),
        }
    }

    /// The first to tell it to end has the say in why.
    pub(super) fn told(&self, by: By) {
        let (set, fetch) = (Ordering::AcqRel, Ordering::Relaxed);
        let _ = self.by.compare_exchange(0, by as u8, set, fetch);
    }

    pub(super) fn end(&self, reason: StopReason) {
        let mut ended = self.locked();
        *ended = Some(reason);
        // Under the lock: whoever knows why it ended sees that it has.
        self.state.fetch_max(State::Stopped as u8, Ordering::AcqRel);
        drop(ended);
        self.tell_change();
    }

    /// Why it ended, if it has.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.locked().clone()
    }

    /// Something changed that is seen elsewhere.
    pub(crate) fn tell_change(&self) {
        // Pairs with the one in `change`: the waiter is seen here, or sees what
        // has changed.
        fence(Ordering::SeqCst);
        if self.is_awaited.load(Ordering::Relaxed) {
            self.changed.notify_waiters();
        }
    }

    /// The next change; made before looking whether it has come already.
    fn change(&self) -> Notified<'_> {
        let change = self.changed.notified();
        self.is_awaited.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        change
    }

    /// Waits until something is so that changes are told of.
    pub(crate) async fn until(&self, is_so: impl Fn() -> bool) {
        loop {
            let changed = self.change();
            if is_so() {
                return;
            }
            changed.await;
        }
    }

    /// Waits for the end.
    pub(crate) async fn wait(&self) -> StopReason {
        loop {
            let changed = self.change();
            if let Some(reason) = self.reason() {
                return reason;
            }
            changed.await;
        }
    }

    /// Waits until it has started; the reason if it never did.
    pub(crate) async fn started(&self) -> Result<(), StopReason> {
        loop {
            let changed = self.change();
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

    fn locked(&self) -> MutexGuard<'_, Option<StopReason>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
