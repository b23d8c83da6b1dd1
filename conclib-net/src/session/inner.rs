//! State of a session with its lock, and the wakes after a change.

use std::sync::{Arc, OnceLock, Weak};
use std::{io, task};

use conclib_core::wire::{Inlet, Origin, RefScope};
use tokio::sync::Notify;

use super::ids::RequestIds;
use super::limits::LinkLimits;
use super::ready_set::ReadySet;
use super::state::State;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// State that the task of a link shares with the callers and the actors of this
/// process.
pub(super) struct SessionInner {
    pub(super) limits: LinkLimits,
    pub(super) ids: RequestIds,
    /// Name of the peer, for the requests that come from it.
    /// System whose actors the peer can ask, and the URL at which others reach
    /// it.
    pub(super) served_system: OnceLock<(Inlet, Box<str>)>,
    /// Scope of the bodies, in place of the session's own.
    pub(super) scope: OnceLock<Arc<dyn RefScope>>,
    pub(super) me: Weak<Self>,
    /// Key of the next reference that goes out.
    pub(super) next_key: AtomicU64,
    /// Set if requests and references of the peer are passed on to other processes of its family.
    pub(super) is_family: AtomicBool,
    /// Number of references that came in and are not released.
    pub(super) imported: AtomicUsize,
    state: Mutex<State>,
    /// Numbers of bytes of each lane of this connection that were handed to the
    /// operating system.
    pub(super) written: [AtomicU64; 2],
    /// Number of reads that brought bytes.
    pub(super) reads: AtomicU64,
    /// Copy of [`State::is_paused`], so that the reading half does not take the
    /// lock for each frame.
    pub(super) is_paused: AtomicBool,
    /// Copy of [`State::wants_writer`], so that the writing half does not take the
    /// lock at each wake.
    pub(super) wants_writer: AtomicBool,
    /// Set when a request ends before the next timer tick, until the timer takes
    /// it up.
    pub(super) is_earlier: AtomicBool,
    /// Set when the peer does not read.
    is_stalled: AtomicBool,
    /// Set when no data comes over the connection any more.
    pub(super) is_dead: AtomicBool,
    /// Set when the session was closed.
    pub(super) is_closing: AtomicBool,
    pub(super) late: AtomicU64,
    pub(super) reconnects: AtomicU64,
    /// Tells the task which streams can make progress.
    pub(super) ready_set: Arc<ReadySet>,
    /// Tells a driver without a connection that the session was closed.
    pub(super) closing: Notify,
    /// Tells that the peer has said hello, or that the connection is gone.
    pub(super) greeted: Notify,
}

/// Reason why a connection has to end.
pub(super) enum Alarm {
    /// The peer does not read.
    Stalled,
    /// No data comes over the connection any more.
    Dead,
    /// The session was closed.
    Closing,
}

impl SessionInner {
    /// Creates the state for a connection that is up.
    pub(super) fn new(origin: Origin, limits: LinkLimits) -> io::Result<Arc<Self>> {
        let ids = RequestIds::new()?;
        // Random, so that no key of an earlier connection is one of the next.
        let first_key = getrandom::u64()? >> 1 | 1;
        Ok(Arc::new_cyclic(|me| Self {
            limits,
            ids,
            served_system: OnceLock::new(),
            scope: OnceLock::new(),
            me: me.clone(),
            next_key: AtomicU64::new(first_key),
            is_family: AtomicBool::new(false),
            imported: AtomicUsize::new(0),
            state: Mutex::new(State::new(limits, origin)),
            written: [const { AtomicU64::new(0) }; 2],
            reads: AtomicU64::new(0),
            is_paused: AtomicBool::new(false),
            wants_writer: AtomicBool::new(false),
            is_earlier: AtomicBool::new(false),
            is_stalled: AtomicBool::new(false),
            is_dead: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            late: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            ready_set: Arc::default(),
            closing: Notify::new(),
            greeted: Notify::new(),
        }))
    }

    /// Changes the state under the lock, and then wakes all that can go on.
    pub(super) fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, callers, driver) = {
            let mut state = self.lock();
            let result = change(&mut state);
            let callers = state.admit();
            state.seal_if_done();
            let wakes_driver = self.copy_flags(&mut state);
            let driver = state.driver.as_ref().filter(|_| wakes_driver);
            (result, callers, driver.cloned())
        };
        if let Some(driver) = driver {
            driver.wake();
        }
        callers.into_iter().for_each(task::Waker::wake);
        result
    }

    /// Copies what the task of the link looks at without the lock. True if the
    /// task has something to do that it has not been woken for.
    fn copy_flags(&self, state: &mut State) -> bool {
        let now = [
            (&self.wants_writer, state.wants_writer(), true),
            (&self.is_paused, state.is_paused(), false),
            (
                &self.is_stalled,
                state.out.waiting() > state.limits.most_unwritten(),
                true,
            ),
        ];
        let mut wakes = std::mem::take(&mut state.is_earlier);
        if wakes {
            self.is_earlier.store(true, Ordering::Release);
        }
        for (flag, now, wakes_when) in now {
            if flag.load(Ordering::Relaxed) != now {
                flag.store(now, Ordering::Release);
                wakes |= now == wakes_when;
            }
        }
        wakes
    }

    /// Registers the waker of the task that drives the session.
    pub(super) fn register_driver(&self, waker: &task::Waker) {
        self.lock().driver = Some(waker.clone());
    }

    /// Resolves when the connection has to end, with the reason.
    pub(super) fn poll_alarm(&self) -> task::Poll<Alarm> {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Acquire);
        task::Poll::Ready(if is_set(&self.is_stalled) {
            Alarm::Stalled
        } else if is_set(&self.is_dead) {
            Alarm::Dead
        } else if is_set(&self.is_closing) {
            Alarm::Closing
        } else {
            return task::Poll::Pending;
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
