//! Request that leaves this process, with a body of any origin.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use conclib_wire::{Delivery, Envelope, Failure, RequestId, Urn};
use tokio::sync::oneshot;

use crate::deadlock::{Leaves, Wait, WaitingTurn};
use crate::error::Outage;
use crate::observe::OutboundTrace;
use crate::spi::{Answerer, CancelOnDrop, Outlet, Room, SendRefused, Shortcut};

/// A request that leaves this process: waits until its outlet has room, is sent,
/// and is cancelled when it is dropped before its answer came.
pub(crate) struct OutboundRequest {
    outlet: Arc<dyn Outlet>,
    /// Incarnation of the actor to which it was sent, if it can be sent again to a later one.
    incarnation: Option<u64>,
    /// Taken by the outlet that sends the request.
    answerer: Option<Answerer>,
    /// Resolves when the outlet may have room.
    room: Option<Room>,
    /// Answer "queued" to a told message.
    queued: Option<oneshot::Receiver<Result<(), Failure>>>,
    cancel: Option<CancelOnDrop>,
    /// Wait of the turn that asks.
    wait: Option<Wait>,
    /// Turn that waits, of a request that is passed on.
    passed: Option<WaitingTurn>,
    /// True if a shortcut of the outlet may send it, since its body is encoded for each try.
    takes_shortcuts: bool,
}

impl OutboundRequest {
    /// Creates a request whose body is encoded already. `answerer` gets the answer.
    pub(crate) fn new(outlet: Arc<dyn Outlet>, answerer: Answerer) -> Self {
        Self {
            takes_shortcuts: false,
            ..Self::of_message(outlet, answerer, None, None)
        }
    }

    /// Creates a request that is encoded as it is sent. `answerer` gets the answer; `queued` receives
    /// the confirmation of a tell. `passed` is the turn that waits for the answer to a request that is
    /// passed on.
    pub(crate) fn of_message(
        outlet: Arc<dyn Outlet>,
        answerer: Answerer,
        queued: Option<oneshot::Receiver<Result<(), Failure>>>,
        passed: Option<WaitingTurn>,
    ) -> Self {
        Self {
            outlet,
            incarnation: None,
            answerer: Some(answerer),
            room: None,
            queued,
            cancel: None,
            wait: None,
            passed,
            takes_shortcuts: true,
        }
    }

    /// Tells whether the request was sent to an actor that another incarnation may follow.
    pub(crate) fn may_be_sent_again(&self) -> bool {
        self.incarnation.is_some()
    }

    /// Prepares a request that was not delivered for a later incarnation of its actor. Its answer, the
    /// failure, has come.
    pub(crate) fn send_again(
        &mut self,
        answerer: Answerer,
        queued: Option<oneshot::Receiver<Result<(), Failure>>>,
    ) {
        if let Some(this) = self.incarnation.take() {
            self.room = Some(self.outlet.later_incarnation(this));
        }
        self.cancel.take().into_iter().for_each(CancelOnDrop::done);
        self.wait = None;
        self.answerer = Some(answerer);
        self.queued = queued;
    }

    /// Sends the request through another outlet from now on, unless that is its own.
    pub(crate) fn turn_to(&mut self, outlet: &Arc<dyn Outlet>) {
        if !std::ptr::addr_eq(Arc::as_ptr(&self.outlet), Arc::as_ptr(outlet)) {
            self.outlet = outlet.clone();
            self.incarnation = None;
            self.room = None;
        }
    }

    /// Tells whether the request is an ask. A tell waits only for the confirmation that
    /// it is queued.
    pub(crate) fn is_asked(&self) -> bool {
        self.queued.is_none()
    }

    /// Sends the request by `send`, or waits until the outlet has room and tries
    /// again.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        to: &str,
        mut send: impl FnMut(&Arc<dyn Outlet>, Option<&WaitingTurn>, Answerer) -> Sent,
    ) -> Poll<Result<(), Failure>> {
        while let Some(answerer) = self.answerer.take() {
            if let Some(room) = &mut self.room {
                let Poll::Ready(room) = room.as_mut().poll(cx) else {
                    self.answerer = Some(answerer);
                    return Poll::Pending;
                };
                self.room = None;
                if let Err(failure) = room {
                    self.answerer = Some(answerer);
                    self.wait_for_later(failure)?;
                    continue;
                }
            }
            let shortcut = match self.takes_shortcuts {
                true => self.outlet.shortcut(to),
                false => None,
            };
            let outlet = match shortcut {
                Some(Shortcut { outlet, number }) => {
                    self.incarnation = Some(number);
                    outlet
                }
                None => {
                    self.incarnation = self.outlet.incarnation();
                    self.outlet.clone()
                }
            };
            match send(&outlet, self.passed.as_ref(), answerer) {
                Ok((id, wait)) => {
                    self.cancel = Some(CancelOnDrop::new(outlet, id));
                    self.wait = wait;
                }
                Err((SendRefused::Busy | SendRefused::Away, answerer)) => {
                    self.answerer = Some(answerer);
                    self.room = Some(self.outlet.room(to));
                }
                Err((unsent, answerer)) => {
                    self.answerer = Some(answerer);
                    self.wait_for_later(unsent.into_failure())?;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Waits for a later incarnation of the actor from now on, if one may follow that to which the
    /// request could not be sent.
    #[cold]
    fn wait_for_later(&mut self, failure: Failure) -> Result<(), Failure> {
        match self.incarnation.take().filter(|_| was_left(&failure)) {
            Some(this) => {
                self.room = Some(self.outlet.later_incarnation(this));
                Ok(())
            }
            None => Err(failure),
        }
    }

    /// Waits for the answer "queued" to a told message. An ask has none.
    pub(crate) fn poll_queued(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Some(queued) = &mut self.queued else {
            return Poll::Ready(Ok(()));
        };
        let queued = ready!(Pin::new(queued).poll(cx));
        Poll::Ready(queued.unwrap_or(Err(Failure::Disconnected(Delivery::MayHaveRun))))
    }

    /// Notes that the answer was polled and has not come. A poll outside of the turn
    /// that asked ends the wait of that turn.
    pub(crate) fn is_polled(&mut self) {
        self.wait = self.wait.take().filter(Wait::is_here);
    }

    /// Tells whether the request was sent: from then on the outlet enforces its
    /// deadline.
    pub(crate) fn is_out(&self) -> bool {
        self.answerer.is_none()
    }

    /// Reason for which it is not sent, if there is no connection.
    #[cold]
    pub(crate) fn outage(&self) -> Option<Outage> {
        self.room.as_ref()?;
        self.outlet.outage()
    }

    /// Guard that cancels the request elsewhere when its asker leaves.
    pub(crate) fn into_cancel(self) -> Option<CancelOnDrop> {
        self.cancel
    }
}

/// Result of one try to send: the id of the request, and the wait of the turn that asks.
pub(crate) type Sent = Result<(RequestId, Option<Wait>), (SendRefused, Answerer)>;

/// Turn that waits for the answer to a request.
#[derive(Clone, Copy)]
pub(crate) enum Waiter<'a> {
    Nobody,
    /// The turn that runs here, if one does.
    Turn,
    /// A turn whose request is passed on.
    Passed(&'a WaitingTurn),
}

/// Sends the request once, if the outlet has room: with a new id, its trace, and
/// the chain of those that wait for it.
pub(crate) fn transmit(
    outlet: &Arc<dyn Outlet>,
    to: &Urn,
    waiter: Waiter<'_>,
    request: Envelope<'_>,
    answerer: Answerer,
) -> Sent {
    let id = outlet.next_id();
    let outgoing = OutboundTrace::new();
    let leaves = match waiter {
        Waiter::Passed(WaitingTurn::Here(who, ask)) => Leaves::pass(*who, *ask, outlet, id, to),
        Waiter::Turn => Leaves::begin(outlet, id, to),
        Waiter::Passed(WaitingTurn::Away(_)) | Waiter::Nobody => None,
    };
    let passed = match waiter {
        Waiter::Passed(WaitingTurn::Away(asked)) => asked.chain(),
        _ => Vec::new(),
    };
    let envelope = Envelope {
        id,
        to: to.as_str(),
        trace: outgoing.text(),
        chain: leaves.as_ref().map_or(&passed, |leaves| &leaves.chain),
        ..request
    };
    outlet.send(&envelope, answerer)?;
    outgoing.is_out(to, envelope.message);
    Ok((id, leaves.and_then(Leaves::wait)))
}

/// Tells whether a request failed since its actor, or the connection, ended before the actor had it.
pub(crate) fn was_left(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Stopped(Delivery::NotDelivered) | Failure::Disconnected(Delivery::NotDelivered)
    )
}

impl SendRefused {
    /// Converts to the failure that an asker gets.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Busy | Self::Away => Failure::MailboxFull,
            Self::Closed => Failure::Disconnected(Delivery::NotDelivered),
            Self::Codec(error) => Failure::Codec(Box::new(error), Delivery::NotDelivered),
        }
    }
}
