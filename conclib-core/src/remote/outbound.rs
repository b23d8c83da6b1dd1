//! Sending of a message to another process.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Delivery, DeliveryClass, Envelope, Failure, Never, RequestId, Urn, Wants};

use super::answers::{answerer, queued};
use super::target::Remote;
use crate::call::{Outbound, OutboundRequest, Sent, Waiter, transmit};
use crate::error::{AskError, TellError};
use crate::message::{Message, Reach};
use crate::named::Named;
use crate::observe::log;
use crate::reply::ReplyTo;
use crate::spi::{
    Answered, Answerer, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet, SendRefused, body_buffer, enter,
    reuse_body,
};

/// Encodes and sends, or waits until the outlet has room. A tell then waits
/// for the confirmation that it is queued, and keeps its message until then.
pub(crate) fn poll_send_away<M: Message>(
    remote: &Remote,
    cx: &mut Context<'_>,
    outbound: &mut Outbound<M>,
) -> Poll<Result<(), Failure>> {
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => {
            return Poll::Ready(Err(Failure::Urn(Box::new(error.clone()))));
        }
    };
    if let Err(unsupported) = supported::<M>(&remote.outlet, outbound.class) {
        return Poll::Ready(Err(unsupported));
    }
    let deadline = &outbound.deadline;
    let Some(request) = &mut outbound.request else {
        return Poll::Ready(Ok(()));
    };
    let remote_part = outbound.remote_part.get_or_insert_with(|| {
        let reply = std::mem::replace(&mut request.reply, ReplyTo::nobody());
        let passed = reply.passed();
        let given = deadline.given().unwrap_or(DEFAULT_TIMEOUT);
        let (answerer, queued) = answerer::<M>(reply, urn, given);
        let outlet = remote.outlet.clone();
        Box::new(OutboundRequest::new(outlet, answerer, queued, passed))
    });
    let asked = remote_part.is_asked();
    let sent = remote_part.poll_send(cx, urn.as_str(), |outlet, passed, answerer| {
        let waiter = match passed {
            Some(waiting) => Waiter::Passed(waiting),
            None if outbound.waits => Waiter::Turn,
            None => Waiter::Nobody,
        };
        let timeout = deadline.remaining().unwrap_or(DEFAULT_TIMEOUT);
        let wants = match asked {
            true => Wants::Reply,
            false => Wants::Queued,
        };
        let head = Envelope {
            wants,
            class: outbound.class,
            ..head::<M>(outlet, outbound.priority, timeout.min(MAX_TIMEOUT))
        };
        send(outlet, urn, waiter, head, &request.message, answerer)
    });
    ready!(sent)?;
    ready!(remote_part.poll_queued(cx))?;
    outbound.request = None;
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
    let urn = match &remote.urn {
        Ok(urn) => urn,
        Err(error) => {
            let failure = Failure::Urn(Box::new(error.clone()));
            let error = AskError::new(remote.urn().about(M::NAME), failure);
            return Err(TellError::new(error, message));
        }
    };
    if let Err(unsupported) = supported::<M>(&remote.outlet, class) {
        let error = AskError::new(urn.about(M::NAME), unsupported);
        return Err(TellError::new(error, message));
    }
    let to = urn.clone();
    let answerer = Box::new(move |response: Result<Answered<'_>, Failure>| {
        if let Err(failure) = queued(response) {
            let error = AskError::<Never>::new(to, failure);
            let message = M::NAME;
            log::not_queued_elsewhere(message, &error);
        }
    });
    let outlet = &remote.outlet;
    let head = Envelope {
        class,
        ..head::<M>(outlet, priority, DEFAULT_TIMEOUT)
    };
    let sent = send(outlet, urn, Waiter::Nobody, head, &message, answerer);
    sent.map(drop).map_err(|(unsent, _)| {
        let urn = urn.about(M::NAME);
        let outage = match unsent {
            SendRefused::Busy => outlet.outage().map(Box::new),
            SendRefused::Closed | SendRefused::Codec(_) => None,
        };
        let error = match outage {
            Some(outage) => AskError::Unreachable { urn, outage },
            None => AskError::new(urn, unsent.into_failure()),
        };
        TellError::new(error, message)
    })
}

/// Checks that the outlet keeps the promise about the delivery of a message, and carries its reply.
fn supported<M: Message>(outlet: &Arc<dyn Outlet>, class: DeliveryClass) -> Result<(), Failure> {
    let (is_durable, streams) = (
        class != DeliveryClass::AtMostOnce,
        <M::Reach as Reach<M>>::STREAMS,
    );
    let why = if is_durable && !outlet.supports(class) {
        "the connection delivers a message at most once"
    } else if is_durable && streams {
        "a durable message has no stream of replies"
    } else if streams && !outlet.carries_streams() {
        "the connection carries no streams of replies"
    } else {
        return Ok(());
    };
    Err(Failure::Unsupported(why.into(), Delivery::NotDelivered))
}

/// Makes the envelope of a message that is told. Its id, target, trace, chain and body are set when
/// the message is sent.
fn head<M: Message>(
    outlet: &Arc<dyn Outlet>,
    priority: u8,
    timeout: Duration,
) -> Envelope<'static> {
    Envelope {
        id: RequestId::nil(),
        to: "",
        message: M::NAME,
        timeout,
        trace: "",
        codec: outlet.codec(),
        fingerprint: M::FINGERPRINT,
        wants: Wants::Queued,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        // Omits the declared priority, which the other side knows.
        priority: Some(priority).filter(|said| *said != M::PRIORITY),
        chain: &[],
        body: &[],
    }
}

/// Encodes a message and sends it once.
fn send<M: Message>(
    outlet: &Arc<dyn Outlet>,
    urn: &Urn,
    waiter: Waiter<'_>,
    head: Envelope<'_>,
    message: &M,
    answerer: Answerer,
) -> Sent {
    enter(outlet.scope(), || {
        let mut bytes = body_buffer();
        if let Err(error) = <M::Reach as Reach<M>>::encode(message, head.codec, &mut bytes) {
            return Err((SendRefused::Codec(error), answerer));
        }
        let body = &bytes;
        let sent = transmit(outlet, urn, waiter, Envelope { body, ..head }, answerer);
        reuse_body(bytes);
        sent
    })
}
