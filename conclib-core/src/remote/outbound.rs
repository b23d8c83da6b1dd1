//! Sending of a message to another process. All that does not depend on the type of the message
//! is compiled once, in [`Encodable`].

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{
    Codec, CodecError, Delivery, DeliveryClass, Envelope, Failure, Never, RequestId, Urn, Wants,
};

use super::answers::{answerer, queued};
use super::target::Remote;
use crate::call::{Outbound, OutboundRequest, Sent, Waiter, transmit};
use crate::error::{AskError, TellError};
use crate::message::{Message, Reach};
use crate::named::Named;
use crate::observe::log;
use crate::reply::ReplyTo;
use crate::spi::{
    Answerer, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, SendRefused, body_buffer, enter, reuse_body,
};
use crate::time::DeadlineTimer;

/// Encodes and sends, or waits until the outlet has room. A tell then waits
/// for the confirmation that it is queued, and keeps its message until then. An ask that can be sent
/// again keeps it until its answer.
pub(crate) fn poll_send_away<M: Message>(
    remote: &Remote,
    cx: &mut Context<'_>,
    outbound: &mut Outbound<M>,
) -> Poll<Result<(), Failure>> {
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => return Poll::Ready(Err(Failure::Urn(Box::new(error.clone())))),
    };
    let (class, priority) = (outbound.class, outbound.priority);
    let Some(request) = &mut outbound.request else {
        return Poll::Ready(Ok(()));
    };
    let message = &request.message;
    let encode = |codec: Codec, body: &mut _| <M::Reach as Reach<M>>::encode(message, codec, body);
    let encodable = Encodable::new::<M>(urn, class, priority, &encode);
    let given = outbound.deadline.given().unwrap_or(DEFAULT_TIMEOUT);
    let remote_part = match &mut outbound.remote_part {
        Some(remote_part) => {
            remote_part.turn_to(&remote.outlet);
            if request.reply.was_asked() {
                let reply = std::mem::replace(&mut request.reply, ReplyTo::nobody());
                let (answerer, queued) = answerer::<M>(reply, urn, given);
                remote_part.send_again(answerer, queued);
            }
            remote_part
        }
        none => {
            if let Err(unsupported) = encodable.check(&remote.outlet) {
                return Poll::Ready(Err(unsupported));
            }
            let reply = std::mem::replace(&mut request.reply, ReplyTo::nobody());
            let passed = reply.passed();
            let (answerer, queued) = answerer::<M>(reply, urn, given);
            let outlet = remote.outlet.clone();
            none.insert(Box::new(OutboundRequest::new(
                outlet, answerer, queued, passed,
            )))
        }
    };
    loop {
        match ready!(encodable.poll_send(cx, remote_part, outbound.waits, &outbound.deadline)) {
            Ok(()) => break,
            Err(
                Failure::Stopped(Delivery::NotDelivered)
                | Failure::Disconnected(Delivery::NotDelivered),
            ) if !remote_part.is_asked() && remote_part.may_be_sent_again() => {
                let (answerer, queued) = answerer::<M>(ReplyTo::nobody(), urn, given);
                remote_part.send_again(answerer, queued);
            }
            Err(failure) => return Poll::Ready(Err(failure)),
        }
    }
    if !(remote_part.is_asked() && remote_part.may_be_sent_again()) {
        outbound.request = None;
    }
    Poll::Ready(Ok(()))
}

/// Sends a message if the outlet has room. No future waits for the confirmation, so a refusal by
/// the other side is logged.
pub(crate) fn try_tell_away<M: Message>(
    remote: &Remote,
    message: M,
    priority: u8,
    class: DeliveryClass,
) -> Result<(), TellError<M>> {
    let told = match &remote.urn {
        Ok(urn) => {
            let encode =
                |codec: Codec, body: &mut _| <M::Reach as Reach<M>>::encode(&message, codec, body);
            Encodable::new::<M>(urn, class, priority, &encode).try_tell(&remote.outlet)
        }
        Err(error) => {
            let failure = Failure::Urn(Box::new(error.clone()));
            Err(AskError::new(remote.urn().about(M::NAME), failure))
        }
    };
    match told {
        Ok(()) => Ok(()),
        Err(error) => Err(TellError::new(error, message)),
    }
}

/// Encoding of a message, which appends to the bytes.
type Encode<'a> = dyn Fn(Codec, &mut Vec<u8>) -> Result<(), CodecError> + 'a;

/// A message that is to be sent to another process, without its type.
struct Encodable<'a> {
    urn: &'a Urn,
    name: &'static str,
    fingerprint: u64,
    /// True if the reply is a stream.
    streams: bool,
    class: DeliveryClass,
    /// Priority, unless it is the declared one, which the other side knows.
    priority: Option<u8>,
    encode: &'a Encode<'a>,
}

impl<'a> Encodable<'a> {
    fn new<M: Message>(
        urn: &'a Urn,
        class: DeliveryClass,
        priority: u8,
        encode: &'a Encode<'a>,
    ) -> Self {
        Self {
            urn,
            name: M::NAME,
            fingerprint: M::FINGERPRINT,
            streams: <M::Reach as Reach<M>>::STREAMS,
            class,
            priority: Some(priority).filter(|said| *said != M::PRIORITY),
            encode,
        }
    }

    /// Checks that the outlet keeps the promise about the delivery of the message, and carries its
    /// reply.
    fn check(&self, outlet: &Arc<dyn Outlet>) -> Result<(), Failure> {
        let is_durable = self.class != DeliveryClass::AtMostOnce;
        let why = if is_durable && !outlet.supports(self.class) {
            "the connection delivers a message at most once"
        } else if is_durable && self.streams {
            "a durable message has no stream of replies"
        } else if self.streams && !outlet.carries_streams() {
            "the connection carries no streams of replies"
        } else {
            return Ok(());
        };
        Err(Failure::Unsupported(why.into(), Delivery::NotDelivered))
    }

    /// Sends the message, and waits for the confirmation of a tell.
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        request: &mut OutboundRequest,
        waits: bool,
        deadline: &DeadlineTimer,
    ) -> Poll<Result<(), Failure>> {
        let wants = match request.is_asked() {
            true => Wants::Reply,
            false => Wants::Queued,
        };
        let sent = request.poll_send(cx, self.urn.as_str(), |outlet, passed, answerer| {
            let waiter = match passed {
                Some(waiting) => Waiter::Passed(waiting),
                None if waits => Waiter::Turn,
                None => Waiter::Nobody,
            };
            let timeout = deadline.remaining().unwrap_or(DEFAULT_TIMEOUT);
            self.send(outlet, waiter, wants, timeout.min(MAX_TIMEOUT), answerer)
        });
        ready!(sent)?;
        request.poll_queued(cx)
    }

    /// Sends a message that is told, once.
    fn try_tell(&self, outlet: &Arc<dyn Outlet>) -> Result<(), AskError> {
        if let Err(unsupported) = self.check(outlet) {
            return Err(AskError::new(self.urn.about(self.name), unsupported));
        }
        let (to, name) = (self.urn.clone(), self.name);
        let answerer = Answerer::new(move |response| {
            if let Err(failure) = queued(response) {
                log::not_queued_elsewhere(name, &AskError::<Never>::new(to, failure));
            }
        });
        let sent = self.send(
            outlet,
            Waiter::Nobody,
            Wants::Queued,
            DEFAULT_TIMEOUT,
            answerer,
        );
        sent.map(drop).map_err(|(unsent, _)| {
            let urn = self.urn.about(self.name);
            let outage = match unsent {
                SendRefused::Busy => outlet.outage().map(Box::new),
                SendRefused::Closed | SendRefused::Codec(_) => None,
            };
            match outage {
                Some(outage) => AskError::Unreachable { urn, outage },
                None => AskError::new(urn, unsent.into_failure()),
            }
        })
    }

    /// Encodes the message and sends it once. Its id, trace and chain are set when it leaves.
    fn send(
        &self,
        outlet: &Arc<dyn Outlet>,
        waiter: Waiter<'_>,
        wants: Wants,
        timeout: Duration,
        answerer: Answerer,
    ) -> Sent {
        let shortcut = outlet.shortcut(self.urn.as_str());
        let outlet = shortcut.as_ref().unwrap_or(outlet);
        let codec = outlet.codec();
        enter(outlet.scope(), || {
            let mut body = body_buffer();
            if let Err(error) = (self.encode)(codec, &mut body) {
                return Err((SendRefused::Codec(error), answerer));
            }
            let envelope = Envelope {
                id: RequestId::nil(),
                to: "",
                message: self.name,
                timeout,
                trace: "",
                codec,
                fingerprint: self.fingerprint,
                wants,
                class: self.class,
                attempt: 1,
                priority: self.priority,
                chain: &[],
                body: &body,
            };
            let sent = transmit(outlet, self.urn, waiter, envelope, answerer);
            reuse_body(body);
            sent
        })
    }
}
