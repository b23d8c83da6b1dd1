//! Inlet: the entry point for requests from other processes.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::{Arc, OnceLock, Weak};

use conclib_wire::{Delivery, Envelope, Failure, NodeId, Urn};
use tokio::time::Instant;

use super::control::Control;
use crate::deadlock::Cancellation;
use crate::events::Event;
use crate::mailbox::Ticket;
use crate::node::{AnyActor, Found, Names, SystemInner};
use crate::remote::{Remote, relay};
use crate::reply::RemoteCaller;
use crate::snapshot::{Link, Links};
use crate::spi::{Exported, KeepAlive, MAX_TIMEOUT, Origin, ReplySink};

/// Handle of a system for a broker, which delivers requests to it.
#[derive(Clone)]
pub struct Inlet {
    pub(super) system: Arc<SystemInner>,
    /// Permission for peers to end actors.
    pub(super) permits: Control,
    /// Set if requests reach no anonymous actor.
    pub(super) only_named: bool,
    /// Name of the actor that the process is for, once it is known.
    resident: Option<Arc<OnceLock<Urn>>>,
}

impl Inlet {
    pub(crate) fn new(system: Arc<SystemInner>) -> Self {
        Self {
            system,
            permits: Control::default(),
            only_named: false,
            resident: None,
        }
    }

    /// Sets the permission for peers to end actors.
    ///
    /// ```
    /// use conclib::prelude::*;
    /// use conclib::spi::Control;
    ///
    /// let system = System::new("docs");
    /// let inlet = system.inlet().with_control(Control::Any);
    /// # let _ = inlet;
    /// ```
    #[must_use]
    pub fn with_control(mut self, permits: Control) -> Self {
        self.permits = permits;
        self
    }

    /// Returns the inlet by which requests reach only actors and pools that have a name: for a broker
    /// whose peers cannot hold a reference to an anonymous actor.
    ///
    /// ```
    /// # #[conclib::main]
    /// # async fn main() -> conclib::Result {
    /// use conclib::prelude::*;
    ///
    /// #[actor]
    /// #[derive(Default)]
    /// struct Clerk;
    ///
    /// #[actor]
    /// impl Clerk {}
    ///
    /// let system = System::new("docs");
    /// let clerk = system.spawn(Clerk)?;
    /// assert!(system.inlet().find(clerk.urn().as_str()).is_some());
    /// assert!(system.inlet().named().find(clerk.urn().as_str()).is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn named(mut self) -> Self {
        self.only_named = true;
        self
    }

    /// Names the actor that this process is for, and that cannot be unknown: requests for it that come
    /// after its end are told of that.
    #[doc(hidden)]
    #[must_use]
    pub fn for_resident(mut self, name: Arc<OnceLock<Urn>>) -> Self {
        self.resident = Some(name);
        self
    }

    /// Returns the failure of a request for a name that no actor has.
    fn absent(&self, to: &str) -> Failure {
        let resident = self.resident.as_deref().and_then(OnceLock::get);
        match resident.is_some_and(|resident| resident.as_str() == to) {
            true => Failure::Stopped(Delivery::NotDelivered),
            false => Failure::NoSuchActor,
        }
    }

    /// Shows the state of a link in the system's snapshots, while the link exists.
    pub fn add_link(&self, link: Weak<dyn Link>) {
        self.system.extensions.get::<Links>().add(link);
    }

    /// Returns the value of that type which another crate keeps with the system, as
    /// [`System::extension`](crate::System::extension) does.
    pub fn extension<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.system.extensions.get()
    }

    /// Tells the listeners of the system that the server of a broker has forgotten so many changes
    /// for the actor of that name; see [`Event::PossibleDataLoss`].
    pub fn report_loss(&self, of: &str, lost: u64) {
        if let Ok(urn) = Urn::new(of) {
            self.system.emit(|| Event::PossibleDataLoss { urn, lost });
        }
    }

    /// Returns the id of the system.
    pub fn node(&self) -> NodeId {
        self.system.node()
    }

    /// Delivers a request. Does not wait: a full mailbox refuses the request.
    ///
    /// `sink` gets exactly one response: the answer, or a failure that gives the reason. Returns
    /// `None` if the request was refused at once, and otherwise the handle with which the broker
    /// cancels the request when the asker goes.
    pub fn deliver(
        &self,
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: impl Into<Arc<Origin>>,
    ) -> Option<Cancellation> {
        let cancellation = new_cancellation(envelope);
        self.deliver_with(envelope, sink, origin, cancellation.clone())
            .then_some(cancellation)
    }

    /// Delivers a request like [`deliver`](Self::deliver), with a new handle for its cancellation,
    /// which the broker may already use. Returns false if the request was refused at once.
    pub fn deliver_with(
        &self,
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: impl Into<Arc<Origin>>,
        cancellation: Cancellation,
    ) -> bool {
        if envelope.is_control() {
            let asker = RemoteCaller::new(envelope, sink, origin.into(), None, cancellation);
            return self.control(envelope, asker).is_some();
        }
        if let Some(actor) = self.system.find_for_request(envelope.to, self.only_named) {
            return deliver(actor, None, envelope, sink, origin.into(), cancellation);
        }
        let asker = RemoteCaller::new(envelope, sink, origin.into(), None, cancellation);
        if !self.only_named
            && let Some(remote) = self.system.relays().find(envelope.to)
        {
            return relay(&remote, envelope, asker);
        }
        asker.refuse(self.absent(envelope.to));
        false
    }

    /// Waits for a place in the mailbox of the actor of that name, behind the senders that came
    /// before, and keeps the place for a request: [`Permit::deliver`]. A
    /// [control request](Envelope::is_control) needs no place.
    ///
    /// # Errors
    /// Fails if no actor has that name, or if the actor is ending.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue of waiting senders.
    pub fn ready(&self, to: &str) -> impl Future<Output = Result<Permit, Failure>> + Send + use<> {
        let actor = self.system.find_for_request(to, self.only_named);
        let actor = actor.ok_or_else(|| self.absent(to));
        let inlet = self.clone();
        async move {
            let mut permit = Permit {
                inlet,
                actor: actor?,
                ticket: None,
            };
            let reserved = poll_fn(|cx| permit.actor.poll_reserve(cx, &mut permit.ticket)).await;
            match reserved {
                Ok(()) => Ok(permit),
                Err(()) => Err(Failure::Stopped(Delivery::NotDelivered)),
            }
        }
    }

    /// Finds the actor or the pool of that name.
    pub fn find(&self, to: &str) -> Option<Found> {
        self.system.find_name(to, self.only_named)
    }

    /// Returns the other system that runs the actor of that name for this one, if one does at the
    /// moment.
    #[doc(hidden)]
    pub fn runs_in(&self, to: &str) -> Option<NodeId> {
        self.system.find_for_request(to, self.only_named)?.runs_in()
    }

    /// Sends a request of a peer on to an actor of another process, as it is.
    #[doc(hidden)]
    pub fn send_on(
        &self,
        to: &Remote,
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: impl Into<Arc<Origin>>,
        cancellation: Cancellation,
    ) {
        let asker = RemoteCaller::new(envelope, sink, origin.into(), None, cancellation);
        relay(to, envelope, asker);
    }

    /// Lets the system answer for an anonymous actor of another process whose reference is passed
    /// on, while the link keeps that actor for its peer: requests for it that come in here are sent
    /// on. Returns false for any other actor.
    #[doc(hidden)]
    pub fn relays(&self, actor: &Exported) -> bool {
        let remote = actor
            .keep_alive()
            .and_then(KeepAlive::downcast::<Arc<Remote>>);
        match remote {
            Some(remote) if actor.urn().is_anonymous() && !self.only_named => {
                self.system.relays().add(actor.urn(), remote);
                true
            }
            _ => false,
        }
    }

    /// Returns the names of the system, those of pools included: those that there are, and then each
    /// change.
    pub fn names(&self) -> Names {
        self.system.names()
    }
}

/// Place in the mailbox of an actor, kept for a request; given back when it is dropped.
#[must_use = "a place that is kept for nothing is missing to other senders"]
pub struct Permit {
    inlet: Inlet,
    actor: Arc<dyn AnyActor>,
    ticket: Option<Ticket>,
}

impl Permit {
    /// Delivers a request to the actor, whatever name of it the request has, like
    /// [`Inlet::deliver`]. The mailbox has a place for it.
    pub fn deliver(
        mut self,
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: impl Into<Arc<Origin>>,
    ) -> Option<Cancellation> {
        if envelope.is_control() {
            return self.inlet.deliver(envelope, sink, origin);
        }
        let (actor, ticket) = (self.actor.clone(), self.ticket.take());
        let cancellation = new_cancellation(envelope);
        let handle = cancellation.clone();
        deliver(actor, ticket, envelope, sink, origin.into(), handle).then_some(cancellation)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.actor.leave_waiters(ticket);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("actor", &self.actor.urn())
            .finish()
    }
}

/// Makes the handle of a request that has come now.
fn new_cancellation(envelope: &Envelope<'_>) -> Cancellation {
    let until = Instant::now() + envelope.timeout.min(MAX_TIMEOUT);
    Cancellation::new(envelope.codec, until)
}

fn deliver(
    actor: Arc<dyn AnyActor>,
    place: Option<Ticket>,
    envelope: &Envelope<'_>,
    sink: Arc<dyn ReplySink>,
    origin: Arc<Origin>,
    cancellation: Cancellation,
) -> bool {
    let asker = RemoteCaller::new(envelope, sink, origin, Some(actor.id()), cancellation);
    if let Err(failure) = asker.enter(envelope.chain) {
        if let Some(place) = place {
            actor.leave_waiters(place);
        }
        asker.refuse(failure);
        return false;
    }
    actor.accept(envelope, asker, place)
}

impl fmt::Debug for Inlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet")
            .field("system", &self.system.name())
            .finish()
    }
}
