//! Actor in another process, by its name.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{DeliveryClass, Failure, Home, Urn, UrnError};

use super::outbound::{poll_send_away, try_tell_away};
use crate::call::{Outbound, Target};
use crate::error::TellError;
use crate::message::Message;
use crate::named::Named;
use crate::spi::{DEFAULT_TIMEOUT, Lease, Outlet};

/// Actor behind an [`Outlet`]: the target of a client's calls.
#[derive(Clone)]
pub struct Remote {
    pub(crate) outlet: Arc<dyn Outlet>,
    /// Name of the actor; an invalid one is reported by the first call.
    pub(crate) urn: Result<Urn, UrnError>,
    /// System of the actor, if the reference came in a message.
    pub(crate) home: Option<Home>,
    /// Share that keeps the actor alive, if one is needed.
    pub(crate) lease: Option<Lease>,
}

impl Remote {
    /// Returns true if the other one is the same actor: in the same system, or over the same
    /// connection.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let is_one_system = match (self.home(), other.home()) {
            (Some(one), Some(other)) => one.node == other.node,
            _ => Arc::ptr_eq(&self.outlet, &other.outlet),
        };
        is_one_system && self.urn == other.urn
    }

    /// Returns the system of the actor, if it is known.
    pub(crate) fn home(&self) -> Option<Home> {
        self.home.clone().or_else(|| self.outlet.peer())
    }

    /// Returns the same actor without a share in its life.
    pub(crate) fn without_lease(&self) -> Self {
        Self {
            lease: None,
            ..self.clone()
        }
    }

    /// Returns the same actor as a weak reference knows it: without a share, and without the key
    /// of one.
    pub(crate) fn weak(&self) -> Self {
        let home = self.home.clone();
        Self {
            home: home.map(|home| home.with_key(0)),
            ..self.without_lease()
        }
    }

    /// Returns the actor of that name behind `outlet`.
    pub fn new(outlet: Arc<dyn Outlet>, urn: Result<Urn, UrnError>) -> Self {
        Self {
            outlet,
            urn,
            home: None,
            lease: None,
        }
    }
}

impl Named for Remote {
    fn urn(&self) -> Urn {
        match &self.urn {
            Ok(urn) => urn.clone(),
            Err(_) => Urn::reserved("conclib:no-urn"),
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("urn", &self.urn)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

impl<M: Message> Target<M> for Remote {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        poll_send_away(self, cx, outbound)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        try_tell_away(self, message, priority, DeliveryClass::AtMostOnce)
    }

    fn try_tell_durable(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        try_tell_away(self, message, priority, DeliveryClass::AtLeastOnce)
    }

    fn leave(&self, _: &mut Outbound<M>) {}

    fn default_timeout(&self) -> Option<Duration> {
        Some(DEFAULT_TIMEOUT)
    }

    fn to_named(&self) -> Arc<dyn Named> {
        Arc::new(self.clone())
    }
}
