//! Relay of a request that came over a wire to an actor behind an outlet.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use conclib_wire::{Delivery, DeliveryClass, Envelope, Failure, RequestId, ResponseKind};

use super::answers::{failure, misfit};
use super::target::Remote;
use crate::call::was_left;
use crate::deadlock::Cancellation;
use crate::reply::RemoteCaller;
use crate::spi::{
    Answered, Answerer, BodySource, Carried, OutboundStream, Outcome, Outlet, SendRefused,
    StreamSource, carried, send_on,
};

/// Sends a request on to an actor behind an outlet, and the answer back. Returns false if the
/// request was answered at once.
pub(crate) fn relay(remote: &Remote, envelope: &Envelope<'_>, asker: RemoteCaller) -> bool {
    match Relayed::new(asker).send(remote, envelope, &carried()) {
        Ok(()) => true,
        Err((relayed, why)) => {
            relayed.refuse(why.into_failure());
            false
        }
    }
}

/// Asker of a request that is sent on.
pub(super) struct Relayed {
    answerer: Answerer,
    cancellation: Cancellation,
}

impl Relayed {
    pub(super) fn new(asker: RemoteCaller) -> Self {
        Self {
            cancellation: asker.cancellation().clone(),
            answerer: Answerer::new(move |answered| answer(asker, answered)),
        }
    }

    /// Makes the asker of a request that can be sent again: `undelivered` gets the asker back, and the
    /// failure, if the request was left undelivered.
    pub(super) fn returning(
        asker: RemoteCaller,
        undelivered: impl FnOnce(RemoteCaller, Failure) + Send + 'static,
    ) -> Self {
        Self {
            cancellation: asker.cancellation().clone(),
            answerer: Answerer::new(move |answered| {
                let failure = match &answered {
                    Ok(Answered { response, .. }) if response.kind == ResponseKind::Failure => {
                        Some(failure(response))
                    }
                    Ok(_) => None,
                    Err(failure) => Some(failure.clone()),
                };
                match failure.filter(was_left) {
                    Some(failure) => undelivered(asker, failure),
                    None => answer(asker, answered),
                }
            }),
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    pub(super) fn refuse(self, failure: Failure) {
        self.answerer.answer(Err(failure));
    }

    /// Sends the request on, with the references in its body.
    pub(super) fn send(
        self,
        remote: &Remote,
        envelope: &Envelope<'_>,
        references: &Carried,
    ) -> Result<(), (Self, SendRefused)> {
        let Self {
            answerer,
            cancellation,
        } = self;
        let relay = remote.outlet.relay();
        let outlet = relay.as_ref().unwrap_or(&remote.outlet);
        let id = outlet.next_id();
        let class = match outlet.supports(envelope.class) {
            true => envelope.class,
            false => DeliveryClass::AtMostOnce,
        };
        let urn = remote.urn.as_ref().map_or(envelope.to, |urn| urn.as_str());
        let sent_on = Envelope {
            id,
            to: urn,
            class,
            ..*envelope
        };
        let sent = send_on(
            references.clone(),
            || outlet.scope(),
            || outlet.send(&sent_on, answerer),
        );
        if let Err((why, answerer)) = sent {
            let unsent = Self {
                answerer,
                cancellation,
            };
            return Err((unsent, why));
        }
        let cancels = Waker::from(Arc::new(CancelOnWake {
            outlet: outlet.clone(),
            id,
        }));
        cancellation.register(&Context::from_waker(&cancels));
        if cancellation.is_cancelled() {
            cancels.wake();
        }
        Ok(())
    }
}

/// Sends a [control request](super::ControlRequest) on to an actor behind an outlet, with the key that
/// its reference has here.
pub(crate) fn relay_control(remote: &Remote, envelope: &Envelope<'_>, asker: RemoteCaller) -> bool {
    let key = remote.home.as_ref().map(|home| home.key);
    let mut body = Vec::new();
    if let Err(error) = envelope.codec.encode(&key, &mut body) {
        asker.refuse(Failure::Codec(Box::new(error), Delivery::NotDelivered));
        return false;
    }
    let body = &body;
    relay(remote, &Envelope { body, ..*envelope }, asker)
}

fn answer(mut asker: RemoteCaller, answered: Result<Answered<'_>, Failure>) {
    let scope = asker.scope();
    let outcome = match answered {
        Err(failure) => Outcome::Failure(failure),
        Ok(Answered {
            items: Some(items), ..
        }) => Outcome::Stream(OutboundStream::new(RelayedStream(items))),
        Ok(Answered { response, .. }) => match response.kind {
            ResponseKind::Reply => Outcome::Reply(response.body.to_vec()),
            ResponseKind::Error => Outcome::Error(response.body.to_vec()),
            ResponseKind::Queued => Outcome::Queued,
            ResponseKind::Handled => Outcome::Handled,
            ResponseKind::Failure => Outcome::Failure(failure(&response)),
            ResponseKind::Stream => Outcome::Failure(Failure::Disconnected(Delivery::MayHaveRun)),
            kind => Outcome::Failure(misfit(kind)),
        },
    };
    send_on(carried(), || scope, || asker.send(outcome));
}

/// Waker of a request that is relayed: cancels it where it went.
struct CancelOnWake {
    outlet: Arc<dyn Outlet>,
    id: RequestId,
}

impl Wake for CancelOnWake {
    fn wake(self: Arc<Self>) {
        self.outlet.cancel(self.id);
    }
}

/// Items of a stream that are passed on as they are.
struct RelayedStream(Box<dyn StreamSource>);

impl BodySource for RelayedStream {
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Option<Result<(), Failure>>> {
        Poll::Ready(match ready!(self.0.poll_body(cx)) {
            Some(Ok(body)) => {
                out.extend_from_slice(&body);
                Some(Ok(()))
            }
            Some(Err(failure)) => Some(Err(failure)),
            None => None,
        })
    }
}
