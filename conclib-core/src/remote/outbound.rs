//! Sending of a message to another process. All that does not depend on the type of the message
//! is compiled once, behind [`Departing`].

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{
    Codec, CodecError, Delivery, DeliveryClass, Envelope, Failure, Never, RequestId, Urn, Wants,
};

use super::answers::{answerer, confirmation, queued};
use super::target::Remote;
use crate::call::{Outbound, OutboundRequest, Sent, Waiter, transmit, was_left};
use crate::deadlock::WaitingTurn;
use crate::error::{AskError, TellError};
use crate::message::{Message, Reach};
use crate::named::Named;
use crate::observe::log;
use crate::reply::{ReplyTo, Request};
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
    let Outbound {
        request,
        remote_part,
        priority,
        waits,
        class,
        deadline,
        ..
    } = outbound;
    let Some(message) = request else {
        return Poll::Ready(Ok(()));
    };
    let leaving = Leaving {
        remote,
        message,
        head: Head::of::<M>(*class, *priority),
        waits: *waits,
        deadline,
    };
    match ready!(leaving.poll(cx, remote_part)) {
        Ok(is_kept) => {
            if !is_kept {
                *request = None;
            }
            Poll::Ready(Ok(()))
        }
        Err(failure) => Poll::Ready(Err(failure)),
    }
}

/// Sends a message if the outlet has room. No future waits for the confirmation, so a refusal by
/// the other side is logged.
pub(crate) fn try_tell_away<M: Message>(
    remote: &Remote,
    message: M,
    priority: u8,
    class: DeliveryClass,
) -> Result<(), TellError<M>> {
    let head = Head::of::<M>(class, priority);
    let request = Request {
        message,
        reply: ReplyTo::nobody(),
        from: None,
    };
    match head.try_tell(remote, &request) {
        Ok(()) => Ok(()),
        Err(error) => Err(TellError::new(error, request.message)),
    }
}

/// A message that is to leave this process, without its type: code that does not depend on the
/// message is compiled once for all of them.
trait Departing {
    /// Appends the message to the bytes.
    fn encode(&self, codec: Codec, body: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Takes out the asker, whose errors name the time `given`, and the turn that waits for a request
    /// that is passed on. `None` for a message that is told.
    fn take_asker(&mut self, to: &Urn, given: Duration) -> Option<(Answerer, Option<WaitingTurn>)>;
}

impl<M: Message> Departing for Request<M> {
    fn encode(&self, codec: Codec, body: &mut Vec<u8>) -> Result<(), CodecError> {
        <M::Reach as Reach<M>>::encode(&self.message, codec, body)
    }

    fn take_asker(&mut self, to: &Urn, given: Duration) -> Option<(Answerer, Option<WaitingTurn>)> {
        let reply = std::mem::replace(&mut self.reply, ReplyTo::nobody());
        if !reply.was_asked() {
            return None;
        }
        let passed = reply.passed();
        Some((answerer::<M>(reply, to, given), passed))
    }
}

/// A message on its way to an actor of another process.
struct Leaving<'a> {
    remote: &'a Remote,
    message: &'a mut dyn Departing,
    head: Head,
    /// True if a turn waits for the answer.
    waits: bool,
    deadline: &'a DeadlineTimer,
}

impl Leaving<'_> {
    /// Sends the message, and waits for the confirmation of a tell. Returns true if the message is
    /// kept, to be sent again.
    fn poll(
        self,
        cx: &mut Context<'_>,
        part: &mut Option<Box<OutboundRequest>>,
    ) -> Poll<Result<bool, Failure>> {
        let Self {
            remote: Remote { urn, outlet, .. },
            message,
            ..
        } = self;
        let urn = match urn {
            Ok(urn) => urn,
            Err(error) => return Poll::Ready(Err(Failure::Urn(Box::new(error.clone())))),
        };
        let given = self.deadline.given().unwrap_or(DEFAULT_TIMEOUT);
        let part = match part {
            Some(part) => {
                part.turn_to(outlet);
                if let Some((answerer, _)) = message.take_asker(urn, given) {
                    part.send_again(answerer, None);
                }
                part
            }
            none => {
                if let Err(unsupported) = self.head.check(outlet) {
                    return Poll::Ready(Err(unsupported));
                }
                let (answerer, queued, passed) = match message.take_asker(urn, given) {
                    Some((answerer, passed)) => (answerer, None, passed),
                    None => {
                        let (answerer, queued) = confirmation(given);
                        (answerer, Some(queued), None)
                    }
                };
                none.insert(Box::new(OutboundRequest::of_message(
                    outlet.clone(),
                    answerer,
                    queued,
                    passed,
                )))
            }
        };
        let encodable = Encodable {
            urn,
            message,
            head: self.head,
        };
        loop {
            match ready!(encodable.poll_send(cx, part, self.waits, self.deadline)) {
                Ok(()) => break,
                Err(failure)
                    if !part.is_asked() && part.may_be_sent_again() && was_left(&failure) =>
                {
                    let (answerer, queued) = confirmation(given);
                    part.send_again(answerer, Some(queued));
                }
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
        Poll::Ready(Ok(part.is_asked() && part.may_be_sent_again()))
    }
}

/// Part of the head of a message that does not depend on its target.
#[derive(Clone, Copy)]
struct Head {
    name: &'static str,
    fingerprint: u64,
    /// True if the reply is a stream.
    streams: bool,
    class: DeliveryClass,
    /// Declared priority, which the other side knows.
    declared: u8,
    priority: u8,
}

impl Head {
    fn of<M: Message>(class: DeliveryClass, priority: u8) -> Self {
        Self {
            name: M::NAME,
            fingerprint: M::FINGERPRINT,
            streams: <M::Reach as Reach<M>>::STREAMS,
            class,
            declared: M::PRIORITY,
            priority,
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

    /// Returns the priority, unless it is the declared one.
    fn priority(&self) -> Option<u8> {
        (self.priority != self.declared).then_some(self.priority)
    }

    /// Sends a message that is told, once.
    fn try_tell(&self, remote: &Remote, message: &dyn Departing) -> Result<(), AskError> {
        let Remote { urn, outlet, .. } = remote;
        let refused = |why| Err(AskError::new(remote.urn().about(self.name), why));
        let urn = match urn {
            Ok(urn) => urn,
            Err(error) => return refused(Failure::Urn(Box::new(error.clone()))),
        };
        if let Err(unsupported) = self.check(outlet) {
            return refused(unsupported);
        }
        let (to, name) = (urn.clone(), self.name);
        let answerer = Answerer::new(move |response| {
            if let Err(failure) = queued(response) {
                log::not_queued_elsewhere(name, &AskError::<Never>::new(to, failure));
            }
        });
        let encodable = Encodable {
            urn,
            message,
            head: *self,
        };
        let shortcut = outlet.shortcut(urn.as_str());
        let sent = encodable.send(
            shortcut.as_ref().map_or(outlet, |short| &short.outlet),
            Waiter::Nobody,
            Wants::Queued,
            DEFAULT_TIMEOUT,
            answerer,
        );
        sent.map(drop).map_err(|(unsent, _)| {
            let urn = urn.about(self.name);
            let outage = match unsent {
                SendRefused::Busy | SendRefused::Away => outlet.outage().map(Box::new),
                SendRefused::Closed | SendRefused::Codec(_) => None,
            };
            match outage {
                Some(outage) => AskError::Unreachable { urn, outage },
                None => AskError::new(urn, unsent.into_failure()),
            }
        })
    }
}

/// A message, and the name of its target.
struct Encodable<'a> {
    urn: &'a Urn,
    message: &'a dyn Departing,
    head: Head,
}

impl Encodable<'_> {
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
            let timeout = timeout.min(MAX_TIMEOUT);
            self.send(outlet, waiter, wants, timeout, answerer)
        });
        ready!(sent)?;
        request.poll_queued(cx)
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
        let codec = outlet.codec();
        let head = self.head;
        enter(outlet.scope(), || {
            let mut body = body_buffer();
            if let Err(error) = self.message.encode(codec, &mut body) {
                return Err((SendRefused::Codec(error), answerer));
            }
            let envelope = Envelope {
                id: RequestId::nil(),
                to: "",
                message: head.name,
                timeout,
                trace: "",
                codec,
                fingerprint: head.fingerprint,
                wants,
                class: head.class,
                attempt: 1,
                priority: head.priority(),
                chain: &[],
                body: &body,
            };
            let sent = transmit(outlet, self.urn, waiter, envelope, answerer);
            reuse_body(body);
            sent
        })
    }
}
