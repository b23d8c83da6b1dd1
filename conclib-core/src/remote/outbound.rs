//! Sending of a message to another process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Codec, Delivery, Envelope, Failure, Never, RequestId, Urn};
use tokio::sync::oneshot;

use super::answers::{answerer, queued};
use super::target::Remote;
use crate::call::Sending;
use crate::deadlock::{Leaves, Wait, Waiting};
use crate::error::{AskError, Outage, TellError};
use crate::message::{Message, Road};
use crate::named::Named;
use crate::observe::Outgoing;
use crate::reply::ReplyTo;
use crate::spi::{Answered, Answerer, CancelOnDrop, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, Unsent};
use crate::time::Deadline;

/// Initial capacity of a request body, enough for most: growing the buffer costs more than the rest
/// of encoding.
const USUAL_BODY: usize = 128;

pub(crate) fn closed() -> Failure {
    Failure::Disconnected(Delivery::NotDelivered)
}

/// Wait until the outlet can take the message.
struct Room {
    outlet: Arc<dyn Outlet>,
    room: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// State of a message that is sent to another process, beyond that of a local one.
pub(crate) struct Leaving {
    answerer: Option<Answerer>,
    room: Option<Room>,
    /// Receiver of the confirmation that a told message is queued.
    queued: Option<oneshot::Receiver<Result<(), Failure>>>,
    cancel: Option<CancelOnDrop>,
    /// Wait of the turn that asks.
    wait: Option<Wait>,
    /// Turn that waits, of a forwarded request.
    waiting: Option<Waiting>,
}

impl Leaving {
    /// Notes a poll of the answer: if it is not polled by the turn that asked, that turn does not
    /// wait.
    pub(crate) fn is_polled(&mut self) {
        self.wait = self.wait.take().filter(Wait::is_here);
    }

    /// Returns true once the request is sent: from then on the outlet keeps its deadline.
    pub(crate) fn is_out(&self) -> bool {
        self.answerer.is_none()
    }

    /// Returns the outage that keeps the request from being sent, if there is no connection.
    #[cold]
    pub(crate) fn outage(&self) -> Option<Outage> {
        self.room.as_ref()?.outlet.outage()
    }

    /// Returns the guard that cancels the request on the other side when its asker goes.
    pub(crate) fn into_cancel(self) -> Option<CancelOnDrop> {
        self.cancel
    }
}

/// Encodes and sends the message, or waits until the outlet has room. A tell then waits for the
/// confirmation that it is queued, and keeps its message until then.
pub(crate) fn poll_send_away<M: Message>(
    remote: &Remote,
    cx: &mut Context<'_>,
    sending: &mut Sending<M>,
    deadline: &Deadline,
) -> Poll<Result<(), Failure>> {
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => {
            return Poll::Ready(Err(Failure::Urn(Box::new(error.clone()))));
        }
    };
    let Some(request) = &mut sending.request else {
        return Poll::Ready(Ok(()));
    };
    let leaving = sending.leaving.get_or_insert_with(|| {
        let reply = std::mem::replace(&mut request.reply, ReplyTo::nobody());
        let waiting = reply.passed();
        let (answerer, queued) =
            answerer::<M>(reply, urn, deadline.given().unwrap_or(DEFAULT_TIMEOUT));
        Box::new(Leaving {
            answerer: Some(answerer),
            room: None,
            queued,
            cancel: None,
            wait: None,
            waiting,
        })
    });
    while let Some(answerer) = leaving.answerer.take() {
        if let Some(room) = &mut leaving.room {
            if room.room.as_mut().poll(cx).is_pending() {
                leaving.answerer = Some(answerer);
                return Poll::Pending;
            }
            leaving.room = None;
        }
        let timeout = deadline
            .remaining()
            .unwrap_or(DEFAULT_TIMEOUT)
            .min(MAX_TIMEOUT);
        let asked = leaving.queued.is_none();
        let manner = Manner {
            asked,
            waits: sending.waits,
            waiting: leaving.waiting.as_ref(),
            timeout,
            priority: sending.priority,
        };
        match send(remote, urn, &request.message, manner, answerer) {
            Ok((id, wait)) => {
                leaving.cancel = Some(CancelOnDrop::new(remote.outlet.clone(), id));
                leaving.wait = wait;
            }
            Err((Unsent::Busy, answerer)) => {
                leaving.answerer = Some(answerer);
                leaving.room = Some(Room {
                    outlet: remote.outlet.clone(),
                    room: remote.outlet.room(urn.as_str()),
                });
            }
            Err((Unsent::Closed, _)) => return Poll::Ready(Err(closed())),
            Err((Unsent::Codec(error), _)) => {
                let failure = Failure::Codec(Box::new(error), Delivery::NotDelivered);
                return Poll::Ready(Err(failure));
            }
        }
    }
    if let Some(queued) = &mut leaving.queued {
        let queued = ready!(Pin::new(queued).poll(cx));
        let queued = queued.unwrap_or(Err(Failure::Disconnected(Delivery::MayHaveRun)));
        if let Err(failure) = queued {
            return Poll::Ready(Err(failure));
        }
    }
    sending.request = None;
    Poll::Ready(Ok(()))
}

/// Sends a message if the outlet has room. No future waits for the confirmation, so a refusal by
/// the other side is logged.
pub(crate) fn try_tell_away<M: Message>(
    remote: &Remote,
    message: M,
    priority: u8,
) -> Result<(), TellError<M>> {
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => {
            let failure = Failure::Urn(Box::new(error.clone()));
            let error = AskError::new(remote.urn().about(M::NAME), failure);
            return Err(TellError::new(error, message));
        }
    };
    let to = urn.clone();
    let answerer = Box::new(move |response: Result<Answered<'_>, Failure>| {
        if let Err(failure) = queued(response) {
            let error = AskError::<Never>::new(to, failure);
            let message = M::NAME;
            tracing::warn!(target: "conclib", request = message, %error, "a told message was not queued by the other process");
        }
    });
    let manner = Manner {
        asked: false,
        waits: false,
        waiting: None,
        timeout: DEFAULT_TIMEOUT,
        priority,
    };
    let sent = send(remote, urn, &message, manner, answerer);
    sent.map(drop).map_err(|(unsent, _)| {
        let urn = urn.about(M::NAME);
        let error = match unsent {
            Unsent::Busy => match remote.outlet.outage() {
                None => AskError::MailboxFull { urn },
                Some(outage) => {
                    let outage = Box::new(outage);
                    AskError::Unreachable { urn, outage }
                }
            },
            Unsent::Closed => AskError::new(urn, closed()),
            Unsent::Codec(error) => {
                let failure = Failure::Codec(Box::new(error), Delivery::NotDelivered);
                AskError::new(urn, failure)
            }
        };
        TellError::new(error, message)
    })
}

/// Options of sending a message.
struct Manner<'a> {
    asked: bool,
    /// True if the current turn waits for the answer.
    waits: bool,
    /// Turn that waits, of a forwarded request.
    waiting: Option<&'a Waiting>,
    timeout: Duration,
    priority: u8,
}

fn send<M: Message>(
    remote: &Remote,
    urn: &Urn,
    message: &M,
    manner: Manner<'_>,
    answerer: Answerer,
) -> Result<(RequestId, Option<Wait>), (Unsent, Answerer)> {
    let codec = Codec::Bincode;
    let mut body = Vec::with_capacity(USUAL_BODY);
    if let Err(error) = <M::Road as Road<M>>::encode(message, codec, &mut body) {
        return Err((Unsent::Codec(error), answerer));
    }
    let id = remote.outlet.next_id();
    let outgoing = Outgoing::new();
    let outlet = &remote.outlet;
    let leaves = match manner.waiting {
        Some(Waiting::Here(who, ask)) => Leaves::pass(*who, *ask, outlet, id, urn),
        None if manner.waits => Leaves::begin(outlet, id, urn),
        _ => None,
    };
    let passed = match manner.waiting {
        Some(Waiting::Away(asked)) => asked.chain(),
        _ => Vec::new(),
    };
    let envelope = Envelope {
        id,
        to: urn.as_str(),
        message: M::NAME,
        timeout: manner.timeout,
        trace: outgoing.text(),
        codec,
        fingerprint: M::FINGERPRINT,
        asked: manner.asked,
        // The other side knows the priority of the message type.
        priority: Some(manner.priority).filter(|said| *said != M::PRIORITY),
        chain: leaves.as_ref().map_or(&passed, |leaves| &leaves.chain),
        body: &body,
    };
    remote.outlet.send(&envelope, answerer)?;
    outgoing.is_out(urn, M::NAME);
    Ok((id, leaves.and_then(Leaves::wait)))
}
