//! Actor in another process, by its name.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Failure, Urn, UrnError};

use super::outbound::{poll_send_away, try_tell_away};
use crate::call::{Outbound, Target};
use crate::error::TellError;
use crate::message::WireMessage;
use crate::named::Named;
use crate::spi::{DEFAULT_TIMEOUT, Outlet};

/// Actor behind an [`Outlet`]: the target of a client's calls.
#[derive(Clone)]
pub struct Remote {
    pub(crate) outlet: Arc<dyn Outlet>,
    /// Name of the actor; an invalid one is reported by the first call.
    pub(crate) urn: Result<Urn, UrnError>,
}

impl Remote {
    /// Returns true if the other one is the same actor, over the same connection.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.outlet, &other.outlet) && self.urn == other.urn
    }

    /// Returns the actor of that name behind `outlet`.
    pub fn new(outlet: Arc<dyn Outlet>, urn: Result<Urn, UrnError>) -> Self {
        Self { outlet, urn }
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
            .finish_non_exhaustive()
    }
}

impl<M: WireMessage> Target<M> for Remote {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        poll_send_away(self, cx, outbound)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        try_tell_away(self, message, priority)
    }

    fn leave(&self, _: &mut Outbound<M>) {}

    fn default_timeout(&self) -> Option<Duration> {
        Some(DEFAULT_TIMEOUT)
    }

    fn to_named(&self) -> Arc<dyn Named> {
        Arc::new(self.clone())
    }
}
