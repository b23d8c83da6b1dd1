//! An actor in another process, by its name.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{
    Answered, Answerer, CancelOnDrop, Codec, CodecError, DEFAULT_TIMEOUT, Envelope, MAX_TIMEOUT,
    Outlet, RequestId, Response, ResponseKind, Unsent,
};
use crate::call::{NotSent, Sending, Target};
use crate::deadline::Deadline;
use crate::error::{AskError, Delivery, Failure, TellError};
use crate::fault::Fault;
use crate::message::{Message, Never, Road, WireMessage};
use crate::named::Named;
use crate::observe::Outgoing;
use crate::reply::{Answer, Refusal, ReplyTo};
use crate::urn::{Urn, UrnError};

/// An actor behind an [`Outlet`]: what a client's calls are for.
#[derive(Clone)]
pub struct Remote {
    outlet: Arc<dyn Outlet>,
    /// A name that is none is reported when something is sent to it.
    urn: Result<Urn, UrnError>,
}

impl Remote {
    /// Whether the other leads to the same actor, over the same connection.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.outlet, &other.outlet) && self.urn == other.urn
    }

    /// The actor of that name behind `outlet`.
    pub fn new(outlet: Arc<dyn Outlet>, urn: Result<Urn, UrnError>) -> Self {
        Self { outlet, urn }
    }
}

impl Remote {
    /// Asks without the type of the message: by its wire name, in JSON. For
    /// tools, and for whoever does not have the actor's crate.
    ///
    /// `timeout` bounds the whole, the wait for a connection too.
    ///
    /// # Errors
    /// As any ask. An error of the domain comes as [`AskError::Fault`], whose
    /// message is its JSON.
    ///
    /// # Cancel safety
    /// Dropped, the request is cancelled if its handler has not begun.
    pub async fn ask_json(
        &self,
        message: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<Value, AskError> {
        let urn = match &self.urn {
            Ok(urn) => urn,
            Err(error) => return Err(AskError::Urn(Box::new(error.clone()))),
        };
        let mut delivery = Delivery::NotDelivered;
        let asking = self.send_json(urn, message, body, timeout, &mut delivery);
        let answer = match tokio::time::timeout(timeout, asking).await {
            Ok(answer) => answer,
            Err(_) => {
                let urn = urn.clone();
                return Err(AskError::Deadline {
                    urn,
                    after: timeout,
                    delivery,
                });
            }
        };
        answer.map_err(|failure| AskError::new(urn.clone(), given(failure, timeout)))
    }

    async fn send_json(
        &self,
        urn: &Urn,
        message: &str,
        body: &Value,
        timeout: Duration,
        delivery: &mut Delivery,
    ) -> Result<Value, Failure> {
        let until = Instant::now() + timeout.min(MAX_TIMEOUT);
        let codec = Codec::Json;
        let mut bytes = Vec::new();
        let encoded = codec.encode(body, &mut bytes);
        encoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::NotDelivered))?;
        let (answer, answered) = oneshot::channel();
        let mut answerer: Answerer = Box::new(move |response| {
            // An asker that has left wants no answer.
            let _ = answer.send(response.and_then(|answered| json_answer(&answered.response)));
        });
        let _cancel = loop {
            let outgoing = Outgoing::new();
            let envelope = Envelope {
                id: self.outlet.next_id(),
                to: urn.as_str(),
                message,
                timeout: until.saturating_duration_since(Instant::now()),
                trace: outgoing.text(),
                codec,
                fingerprint: 0,
                asked: true,
                body: &bytes,
            };
            match self.outlet.send(&envelope, answerer) {
                Ok(()) => {
                    outgoing.is_out(urn, message);
                    break CancelOnDrop::new(self.outlet.clone(), envelope.id);
                }
                Err((Unsent::Busy, back)) => answerer = back,
                Err((Unsent::Closed, _)) => return Err(closed()),
                Err((Unsent::Codec(error), _)) => {
                    return Err(Failure::Codec(Box::new(error), Delivery::NotDelivered));
                }
            }
            self.outlet.room().await;
        };
        *delivery = Delivery::MayHaveRun;
        let lost = |_| Err(Failure::Disconnected(Delivery::MayHaveRun));
        answered.await.unwrap_or_else(lost)
    }
}

fn json_answer(response: &Response<'_>) -> Result<Value, Failure> {
    let value = || {
        let decoded = response.codec.decode::<Value>(response.body);
        decoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::MayHaveRun))
    };
    match response.kind {
        ResponseKind::Reply => value(),
        ResponseKind::Error => Err(Failure::Fault(Box::new(Fault::foreign(
            value()?.to_string(),
        )))),
        ResponseKind::Failure => Err(failure(response)),
        ResponseKind::Queued => Err(Failure::NoReply),
        // Its items, dropped with the answer, cancel it.
        ResponseKind::Stream => Err(Failure::Codec(
            Box::new(CodecError::stream(response.codec)),
            Delivery::MayHaveRun,
        )),
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
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), NotSent>> {
        poll_send_away(self, cx, sending, deadline)
    }

    fn try_tell(&self, message: M, _: u8) -> Result<(), TellError<M>> {
        try_tell_away(self, message)
    }

    fn leave(&self, _: &mut Sending<M>) {}

    fn default_timeout(&self) -> Option<Duration> {
        Some(DEFAULT_TIMEOUT)
    }

    fn to_named(&self) -> Arc<dyn Named> {
        Arc::new(self.clone())
    }
}

/// A message on its way out, beyond what a local one needs.
pub(crate) struct Leaving {
    answerer: Option<Answerer>,
    room: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Word that a told message is queued.
    queued: Option<oneshot::Receiver<Result<(), Failure>>>,
    cancel: Option<CancelOnDrop>,
}

impl Leaving {
    /// Whether the request is out: from then on the outlet keeps its deadline.
    pub(crate) fn is_out(&self) -> bool {
        self.answerer.is_none()
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
) -> Poll<Result<(), NotSent>> {
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => {
            return Poll::Ready(Err(NotSent::Failure(Failure::Urn(Box::new(error.clone())))));
        }
    };
    let Some(request) = &mut sending.request else {
        return Poll::Ready(Ok(()));
    };
    let leaving = sending.leaving.get_or_insert_with(|| {
        let reply = std::mem::replace(&mut request.reply, ReplyTo::nobody());
        let (answerer, queued) =
            answerer::<M>(reply, urn, deadline.given().unwrap_or(DEFAULT_TIMEOUT));
        Box::new(Leaving {
            answerer: Some(answerer),
            room: None,
            queued,
            cancel: None,
        })
    });
    while let Some(answerer) = leaving.answerer.take() {
        if let Some(room) = &mut leaving.room {
            if room.as_mut().poll(cx).is_pending() {
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
        match send(remote, urn, &request.message, asked, timeout, answerer) {
            Ok(id) => leaving.cancel = Some(CancelOnDrop::new(remote.outlet.clone(), id)),
            Err((Unsent::Busy, answerer)) => {
                leaving.answerer = Some(answerer);
                leaving.room = Some(remote.outlet.room());
            }
            Err((Unsent::Closed, _)) => return Poll::Ready(Err(NotSent::Failure(closed()))),
            Err((Unsent::Codec(error), _)) => {
                let failure = Failure::Codec(Box::new(error), Delivery::NotDelivered);
                return Poll::Ready(Err(NotSent::Failure(failure)));
            }
        }
    }
    if let Some(queued) = &mut leaving.queued {
        let queued = ready!(Pin::new(queued).poll(cx));
        let queued = queued.unwrap_or(Err(Failure::Disconnected(Delivery::MayHaveRun)));
        if let Err(failure) = queued {
            return Poll::Ready(Err(not_queued(failure)));
        }
    }
    sending.request = None;
    Poll::Ready(Ok(()))
}

/// Why a told message was not queued over there, in the words that a local
/// actor has for it.
fn not_queued(failure: Failure) -> NotSent {
    match failure {
        Failure::MailboxFull => NotSent::Full,
        Failure::Stopped(Delivery::NotDelivered) => NotSent::Stopped,
        failure => NotSent::Failure(failure),
    }
}

/// Sends if the outlet has room. Nobody waits for word of it, so word that it
/// was not queued goes to the log.
pub(crate) fn try_tell_away<M: Message>(remote: &Remote, message: M) -> Result<(), TellError<M>> {
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => {
            let failure = NotSent::Failure(Failure::Urn(Box::new(error.clone())));
            return Err(failure.into_tell_error(remote.urn(), message));
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
    let sent = send(remote, urn, &message, false, DEFAULT_TIMEOUT, answerer);
    sent.map(drop).map_err(|(unsent, _)| {
        let why = match unsent {
            Unsent::Busy => NotSent::Full,
            Unsent::Closed => NotSent::Failure(closed()),
            Unsent::Codec(error) => {
                NotSent::Failure(Failure::Codec(Box::new(error), Delivery::NotDelivered))
            }
        };
        why.into_tell_error(urn.clone(), message)
    })
}

/// A failure by the deadline tells the time that was given, not what was left
/// of it when the request went out. The other side may be the first to see that
/// it is over: for an asker that still waits, it skips a request for no other
/// reason.
fn given(failure: Failure, timeout: Duration) -> Failure {
    match failure {
        Failure::Deadline(_) | Failure::Cancelled => Failure::Deadline(timeout),
        failure => failure,
    }
}

/// What most requests fit in, in bytes: a buffer that grows costs more than
/// the rest of encoding.
const USUAL_BODY: usize = 128;

fn closed() -> Failure {
    Failure::Disconnected(Delivery::NotDelivered)
}

fn send<M: Message>(
    remote: &Remote,
    urn: &Urn,
    message: &M,
    asked: bool,
    timeout: Duration,
    answerer: Answerer,
) -> Result<RequestId, (Unsent, Answerer)> {
    let codec = Codec::Bincode;
    let mut body = Vec::with_capacity(USUAL_BODY);
    if let Err(error) = <M::Road as Road<M>>::encode(message, codec, &mut body) {
        return Err((Unsent::Codec(error), answerer));
    }
    let id = remote.outlet.next_id();
    let outgoing = Outgoing::new();
    let envelope = Envelope {
        id,
        to: urn.as_str(),
        message: M::NAME,
        timeout,
        trace: outgoing.text(),
        codec,
        fingerprint: M::FINGERPRINT,
        asked,
        body: &body,
    };
    remote.outlet.send(&envelope, answerer)?;
    outgoing.is_out(urn, M::NAME);
    Ok(id)
}

/// What passes the answer on to a local slot; for a tell, the word that it is
/// queued.
fn answerer<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    urn: &Urn,
    timeout: Duration,
) -> (Answerer, Option<oneshot::Receiver<Result<(), Failure>>>) {
    if reply.was_asked() {
        // Items that fail later say whose they are.
        let who = <M::Road as Road<M>>::STREAMS.then(|| urn.clone());
        let answerer = move |answered: Result<Answered<'_>, Failure>| {
            let answer = match answered {
                Ok(answered) => decode::<M>(answered, who.as_ref()),
                Err(failure) => Err(Refusal::Failure(Box::new(failure))),
            };
            reply.answer(answer.map_err(|refusal| match refusal {
                Refusal::Failure(failure) => Refusal::Failure(Box::new(given(*failure, timeout))),
                handler => handler,
            }));
        };
        return (Box::new(answerer), None);
    }
    let (word, queued) = oneshot::channel();
    let answerer = move |response: Result<Answered<'_>, Failure>| {
        // A teller that has left wants no word.
        let response = response.map_err(|failure| given(failure, timeout));
        let _ = word.send(self::queued(response));
    };
    (Box::new(answerer), Some(queued))
}

/// What the answer to a told message says of it.
fn queued(answered: Result<Answered<'_>, Failure>) -> Result<(), Failure> {
    match answered?.response {
        response if response.kind == ResponseKind::Failure => Err(failure(&response)),
        _ => Ok(()),
    }
}

fn decode<M: Message>(answered: Answered<'_>, who: Option<&Urn>) -> Answer<M::Reply, M::Error> {
    let response = answered.response;
    let Response { codec, body, .. } = response;
    let decoded = match response.kind {
        ResponseKind::Reply | ResponseKind::Stream => {
            <M::Road as Road<M>>::decode_reply(answered, who).map(Ok)
        }
        ResponseKind::Error => <M::Road as Road<M>>::decode_error(codec, body)
            .map(|error| Err(Refusal::Handler(error))),
        ResponseKind::Failure => Ok(Err(Refusal::Failure(Box::new(failure(&response))))),
        ResponseKind::Queued => Ok(Err(Refusal::Failure(Box::new(Failure::NoReply)))),
    };
    decoded.unwrap_or_else(|error: CodecError| {
        let failure = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
        Err(Refusal::Failure(Box::new(failure)))
    })
}

/// The failure that a response tells of.
fn failure(response: &Response<'_>) -> Failure {
    response
        .codec
        .decode(response.body)
        .unwrap_or(Failure::NoReply)
}
