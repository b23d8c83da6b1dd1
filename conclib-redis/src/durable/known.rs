//! Knowledge of a process about a mailbox: a server that knows less has lost changes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::host::Host;

/// Id before all messages.
pub(super) const FIRST: &str = "0-0";

/// Facts about a mailbox that the server has confirmed to one process.
pub(super) struct Known<'a> {
    host: &'a Host,
    urn: &'a str,
    /// Number of changes of the mailbox.
    commits: AtomicU64,
    /// Id up to which messages were read, and may have begun.
    read: Mutex<Arc<str>>,
    /// Set once the server has forgotten changes.
    has_lost: AtomicBool,
}

impl<'a> Known<'a> {
    pub(super) fn nothing(host: &'a Host, urn: &'a str) -> Self {
        Self {
            host,
            urn,
            commits: AtomicU64::new(0),
            read: Mutex::new(FIRST.into()),
            has_lost: AtomicBool::new(false),
        }
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Returns the id up to which messages may have begun, also if the server has forgotten that.
    pub(super) fn read(&self) -> Arc<str> {
        self.lock_read().clone()
    }

    fn lock_read(&self) -> MutexGuard<'_, Arc<str>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the newest message that was read.
    pub(super) fn note_read(&self, id: Arc<str>) {
        *self.lock_read() = id;
    }

    /// Notes that the mailbox was let go: the server was told which messages have begun. Of messages
    /// that are there again after a loss, it was not.
    pub(super) fn released(&self) {
        if !self.has_lost() {
            self.note_read(FIRST.into());
        }
    }

    /// Tells whether the server has forgotten changes during this ownership.
    pub(super) fn has_lost(&self) -> bool {
        self.has_lost.load(Ordering::Relaxed)
    }

    /// Notes an ownership that begins: a loss until now concerns the one before.
    pub(super) fn begin(&self) {
        self.has_lost.store(false, Ordering::Relaxed);
    }

    /// Notes the number of changes in an answer to a command: fewer than were `known` when it was
    /// sent are a loss.
    pub(super) fn confirmed(&self, known: u64, commits: u64) {
        if commits >= known {
            self.commits.fetch_max(commits, Ordering::Relaxed);
            return;
        }
        self.has_lost.store(true, Ordering::Relaxed);
        let before = self.commits.swap(commits, Ordering::Relaxed);
        // Commands that were under way together find the same loss.
        if let Some(lost @ 1..) = before.checked_sub(commits) {
            tracing::error!(
                target: "conclib::redis", urn = self.urn, lost,
                "possible data loss: the server has forgotten changes that it had confirmed"
            );
            self.report(lost);
        }
    }

    /// Notes that the server has forgotten something that is not counted.
    pub(super) fn forgotten(&self, what: &str) {
        if !self.has_lost.swap(true, Ordering::Relaxed) {
            tracing::error!(
                target: "conclib::redis", urn = self.urn,
                "possible data loss: the server has forgotten {what}"
            );
            self.report(1);
        }
    }

    fn report(&self, lost: u64) {
        self.host.endpoint.counters.count_lost(lost);
        self.host.inlet.report_loss(self.urn, lost);
    }
}
