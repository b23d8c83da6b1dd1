use std::{
    pin::pin,
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use crate::{
    child::OwnedChild,
    command::ChildCommand,
    ending::Ending,
    error::{SpawnError, WaitError},
    tail::Tail,
};

/// Slot of the child process that serves. The task that watches the child and
/// the daemon share it, so that a drop of the daemon kills the child at once,
/// whatever the task does at that moment.
#[derive(Debug, Clone, Default)]
pub struct Slot(Arc<Mutex<SlotState>>);

#[derive(Debug, Default)]
struct SlotState {
    /// `None` before the first start, after the end, and while it is borrowed.
    child: Option<OwnedChild>,
    /// The process id of the last child.
    pid: u32,
    /// Output of a child that is borrowed.
    tail: Tail,
    /// Set when no child may be started any more.
    closed: bool,
}

impl Slot {
    /// Starts a child in place of the previous one, and returns its process id;
    /// `None` if the slot is closed. A previous child that still lives is
    /// killed.
    ///
    /// # Errors
    ///
    /// Errors of [`ChildCommand::spawn`].
    pub fn start(&self, command: &ChildCommand) -> Result<Option<u32>, SpawnError> {
        // The lock is held during the start, so that a close cannot miss the
        // new child.
        let mut state = self.lock();
        if state.closed {
            return Ok(None);
        }
        let child = command.spawn()?;
        state.pid = child.id();
        state.child = Some(child);
        Ok(Some(state.pid))
    }

    /// Returns the process id of the last child that was started.
    pub fn pid(&self) -> u32 {
        self.lock().pid
    }

    /// Waits until the child exits. Only one task may wait at a time. Cancel safe.
    ///
    /// # Errors
    ///
    /// Errors of [`OwnedChild::wait`].
    pub async fn exit(&self) -> Result<ExitStatus, WaitError> {
        std::future::poll_fn(|cx| self.poll_exit(cx)).await
    }

    fn poll_exit(&self, cx: &mut Context<'_>) -> Poll<Result<ExitStatus, WaitError>> {
        match &mut self.lock().child {
            // The wakers are registered in the child, not in the future, so a
            // new future may be made for each poll.
            Some(child) => pin!(child.wait()).poll(cx),
            // The drop of the daemon has taken the child, and aborts this task
            // too.
            None => Poll::Pending,
        }
    }

    /// Returns the exit status if the child has exited, and `None` while it runs or if there is none.
    ///
    /// # Errors
    ///
    /// Errors of [`OwnedChild::try_status`].
    pub fn try_status(&self) -> Result<Option<ExitStatus>, WaitError> {
        match &mut self.lock().child {
            Some(child) => child.try_status(),
            None => Ok(None),
        }
    }

    /// Ends the child, as [`OwnedChild::shutdown`] does. If the future is dropped, the child is back in its place.
    ///
    /// # Errors
    ///
    /// Errors of [`OwnedChild::shutdown`].
    pub async fn end(&self, grace: Duration) -> Result<Ending, WaitError> {
        let mut borrowed = self.borrow();
        match &mut borrowed.child {
            Some(child) => child.shutdown(grace).await,
            // The drop of the daemon has taken the child, and aborts this task
            // too.
            None => std::future::pending().await,
        }
    }

    fn borrow(&self) -> BorrowedChild<'_> {
        let mut state = self.lock();
        let child = state.child.take();
        state.tail = child.as_ref().map(OwnedChild::tail).unwrap_or_default();
        BorrowedChild { slot: self, child }
    }

    /// Returns the last lines of output of the last child.
    pub fn tail(&self) -> Tail {
        let state = self.lock();
        match &state.child {
            Some(child) => child.tail(),
            None => state.tail.clone(),
        }
    }

    /// Prevents further starts. A running child stays.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// Kills the child at once, and prevents further starts.
    pub fn clear(&self) {
        let child = {
            let mut state = self.lock();
            state.closed = true;
            state.child.take()
        };
        drop(child);
    }

    fn lock(&self) -> MutexGuard<'_, SlotState> {
        // A panic cannot leave the data under this lock half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Child that is put back into its slot when dropped.
struct BorrowedChild<'a> {
    slot: &'a Slot,
    child: Option<OwnedChild>,
}

impl Drop for BorrowedChild<'_> {
    fn drop(&mut self) {
        self.slot.lock().child = self.child.take();
    }
}
