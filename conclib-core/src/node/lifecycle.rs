//! Lifecycle of an actor, and waiting for its changes.

use conclib_wire::{State, StopReason, Urn};

use crate::mailbox::By;
use crate::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
use crate::sync::{Mutex, MutexGuard, Notified, Notify, PoisonError};

#[cfg(all(test, any(shuttle, conclib_loom)))]
mod model;

/// Lifecycle of an actor, shared with the tasks that wait for a change.
pub(crate) struct Lifecycle {
    state: AtomicU8,
    /// True once the actor has got through `#[on(start)]`.
    started: AtomicBool,
    /// First source of a signal to end ([`By`]); zero for none. The signal
    /// itself does not tell the actor's task where it came from.
    by: AtomicU8,
    /// True once a task has waited for a change. Most actors end without, and
    /// then no waiter is notified.
    is_awaited: AtomicBool,
    changed: Notify,
    /// Reason for the end, once the actor has ended.
    reason: Mutex<Option<StopReason>>,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
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

    /// Advances the state. Returns false if it was as far already.
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

    /// First source of a signal to end. Without a source, the reason is that
    /// the last reference is gone.
    pub(crate) fn by(&self) -> Option<By> {
        const ANYONE: u8 = By::Anyone as u8;
        const PARENT: u8 = By::Parent as u8;
        const SYSTEM: u8 = By::System as u8;
        match self.by.load(Ordering::Acquire) {
            0 => None,
            ANYONE => Some(By::Anyone),
            PARENT => Some(By::Parent),
            SYSTEM => Some(By::System),
            _ => Some(By::DroppedSystem),
        }
    }

    /// Returns the name of the actor with the reason for its end that errors say.
    pub(crate) fn named(&self, urn: Urn) -> Urn {
        match self.by() {
            Some(By::DroppedSystem) => urn.of_dropped_system(),
            _ => urn,
        }
    }

    /// Notes the source of a signal to end. Only the first source counts.
    pub(crate) fn told(&self, by: By) {
        let (set, fetch) = (Ordering::AcqRel, Ordering::Relaxed);
        let _ = self.by.compare_exchange(0, by as u8, set, fetch);
    }

    pub(crate) fn end(&self, reason: StopReason) {
        let mut ended = self.locked();
        *ended = Some(reason);
        // Under the lock: a reader that gets the reason also sees that the
        // actor has ended.
        self.state.fetch_max(State::Stopped as u8, Ordering::AcqRel);
        drop(ended);
        self.tell_change();
    }

    /// Reason for the end, if the actor has ended.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.locked().clone()
    }

    /// Wakes the tasks that wait for a change.
    pub(crate) fn tell_change(&self) {
        // Pairs with the fence in `change`: either the waiter is seen here, or
        // the waiter sees the change.
        fence(Ordering::SeqCst);
        if self.is_awaited.load(Ordering::Relaxed) {
            self.changed.notify_waiters();
        }
    }

    /// Future of the next change. Made before the condition is checked, so that
    /// no change is missed in between.
    fn change(&self) -> Notified<'_> {
        let change = self.changed.notified();
        self.is_awaited.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        change
    }

    /// Waits until a condition is true, and checks it after each change that
    /// [`tell_change`](Self::tell_change) announces.
    pub(crate) async fn until(&self, is_so: impl Fn() -> bool) {
        loop {
            let changed = self.change();
            if is_so() {
                return;
            }
            changed.await;
        }
    }

    /// Waits for the end and returns its reason.
    pub(crate) async fn wait(&self) -> StopReason {
        loop {
            let changed = self.change();
            if let Some(reason) = self.reason() {
                return reason;
            }
            changed.await;
        }
    }

    /// Waits for the start. The error is the reason for which the actor ended
    /// without one.
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
