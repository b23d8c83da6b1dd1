//! System that owns mailboxes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use conclib_core::wire::{Inlet, RefScope};
use futures_util::FutureExt as _;
use tokio::sync::Notify;

use super::entry::Entry;
use super::handled::Handled;
use super::scripts::Scripts;
use crate::endpoint::{Endpoint, Listener, Served};
use crate::error::RedisError;
use crate::signer::random;

/// System that owns the mailboxes of its names.
pub(super) struct Host {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) scripts: Scripts,
    pub(super) inlet: Inlet,
    pub(super) scope: Arc<dyn RefScope>,
    /// Name of this owner, which no other one has.
    pub(super) nonce: Box<str>,
    handled: Mutex<Handled>,
}

impl Host {
    pub(super) fn new(endpoint: Arc<Endpoint>, served: Served) -> Result<Self, RedisError> {
        let nonce = u128::from_be_bytes(random()?);
        Ok(Self {
            endpoint,
            scripts: Scripts::new(),
            inlet: served.inlet,
            scope: served.scope,
            nonce: format!("{nonce:032x}").into(),
            handled: Mutex::default(),
        })
    }

    /// Tells whether a signed message is a copy of one that was handled here.
    pub(super) fn has_handled(&self, entry: &Entry) -> bool {
        self.endpoint.signer.has_key() && self.lock_handled().has_copy(entry)
    }

    /// Notes a message that was handled, if messages are signed.
    pub(super) fn handled(&self, entry: &Entry) {
        if self.endpoint.signer.has_key() {
            self.lock_handled().insert(entry);
        }
    }

    fn lock_handled(&self) -> MutexGuard<'_, Handled> {
        self.handled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the owners of a name that its mailbox has messages.
    pub(super) async fn tell(&self, urn: &str) {
        let notice = Bytes::copy_from_slice(urn.as_bytes());
        let channel = self.endpoint.mail_channel();
        // Without the notice, the others look for themselves after a while.
        let _ = self.endpoint.redis.publish(channel, notice).await;
    }
}

/// Wake of the task of one mailbox.
#[derive(Default)]
pub(super) struct Wake(pub(super) Notify);

impl Listener for Wake {
    fn message(&self, _: Bytes) {
        self.0.notify_one();
    }

    fn missed(&self) {
        self.0.notify_one();
    }
}

impl Wake {
    /// Tells whether there is a wake that nobody has seen.
    pub(super) fn was_woken(&self) -> bool {
        self.0.notified().now_or_never().is_some()
    }
}
