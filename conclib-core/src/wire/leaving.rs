//! A message on its way out of this process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::oneshot;

use super::answers::{answerer, queued};
use super::{
    Answered, Answerer, CancelOnDrop, Codec, DEFAULT_TIMEOUT, Envelope, MAX_TIMEOUT, Outage,
    Outlet, Remote, RequestId, Unsent,
};
use crate::call::Sending;
use crate::deadline::Deadline;
use crate::error::{AskError, Delivery, Failure, TellError};
use crate::message::{Message, Never, Road};
use crate::named::Named;
use crate::observe::Outgoing;
use crate::reply::ReplyTo;
use crate::urn::Urn;
use crate::waits::{Leaves, Wait, Waiting};

/// What most requests fit in, in bytes: a buffer that grows costs more than
/// the rest of encoding.
const USUAL_BODY: usize = 128;

pub(super) fn closed() -> Failure {
    Failure::Disconnected(Delivery::NotDelivered)
}

/// A message waits until its outlet can take it.
struct Room {
    outlet: Arc<dyn Outlet>,
    room: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A message on its way out, beyond what a local one needs.
pub(crate) struct Leaving {
    answerer: Option<Answerer>,
    room: Option<Room>,
    /// Word that a told message is queued.
    queued: Option<oneshot::Receiver<Result<(), Failure>>>,
    cancel: Option<CancelOnDrop>,
    /// The turn that asks waits.
    wait: Option<Wait>,
    /// Turn that waits, of a request that is passed on.
    waiting: Option<Waiting>,
}

impl Leaving {
    /// Notes a poll of the answer: in another place than the turn that asked, the
    /// answer is not waited for.
    pub(crate) fn is_polled(&mut self) {
        self.wait = self.wait.take().filter(Wait::is_here);
    }

    /// Whether the request is out: from then on the outlet keeps its deadline.
    pub(crate) fn is_out(&self) -> bool {
        self.answerer.is_none()
    }

    /// Why it does not leave, if there is no connection.
    #[cold]
    pub(crate) fn outage(&self) -> Option<Outage> {
        self.room.as_ref()?.outlet.outage()
    }

    /// What ends the request over there when its asker leaves.
    pub(crate) fn into_cancel(self) -> Option<CancelOnDrop> {
        self.cancel
    }
}

/// Encodes and sends, or waits until the outlet has room. A tell then waits
/// for word that it is queued, and keeps its message until then.
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

/// Sends if the outlet has room. Nobody waits for word of it, so word that it
/// was not queued goes to the log.
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
            tracing::warn!(target: "conclib", request = message, %error, "a message that was told was not queued");
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

/// How a message is sent.
struct Manner<'a> {
    asked: bool,
    /// Says that the turn that runs here waits for the answer.
    waits: bool,
    /// Turn that waits, of a request that is passed on.
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
        // The other side knows what the message says.
        priority: Some(manner.priority).filter(|said| *said != M::PRIORITY),
        chain: leaves.as_ref().map_or(&passed, |leaves| &leaves.chain),
        body: &body,
    };
    remote.outlet.send(&envelope, answerer)?;
    outgoing.is_out(urn, M::NAME);
    Ok((id, leaves.and_then(Leaves::wait)))
}
