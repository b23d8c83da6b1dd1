//! Asker of a request that came over a wire.

use std::sync::Arc;
use std::time::Duration;

use conclib_wire::{Codec, CodecError, Delivery, Envelope, Failure, RequestId, Wants};
use serde::Serialize;
use tokio::time::Instant;

use crate::actor_id::ActorId;
use crate::deadlock::Cancellation;
use crate::observe::{Remarks, TraceContext};
use crate::spi::{Origin, Outcome, RefScope, ReplySink, enter};

/// Asker on the other side of a wire. A drop without an answer sends `NoReply`, or `Deadline` if it is
/// too late for an answer.
#[doc(hidden)]
pub struct RemoteCaller {
    /// Sink of the answer, taken by answering.
    sink: Option<Arc<dyn ReplySink>>,
    pub(crate) id: RequestId,
    codec: Codec,
    pub(crate) wants: Wants,
    pub(crate) expires: Instant,
    /// Time that the request was given.
    timeout: Duration,
    cancellation: Cancellation,
    remarks: Remarks,
}

impl RemoteCaller {
    /// Makes the asker of a request; `target` is the actor that is asked, if it was found.
    pub(crate) fn new(
        envelope: &Envelope<'_>,
        sink: Arc<dyn ReplySink>,
        origin: Arc<Origin>,
        target: Option<ActorId>,
        cancellation: Cancellation,
    ) -> Self {
        if let Some(target) = target.filter(|_| envelope.wants != Wants::Queued) {
            cancellation.set_target(target);
        }
        Self {
            sink: Some(sink),
            id: envelope.id,
            codec: envelope.codec,
            wants: envelope.wants,
            expires: cancellation.until(),
            timeout: envelope.timeout,
            cancellation,
            remarks: Remarks {
                origin: Some(origin),
                attempt: envelope.attempt,
                note: TraceContext::of_wire(envelope.trace),
            },
        }
    }

    pub(crate) fn remarks(&self) -> &Remarks {
        &self.remarks
    }

    /// Notes the time of the send, for a receiver that is measured.
    #[cold]
    pub(crate) fn is_sent_now(&mut self) {
        self.remarks.is_sent_now();
    }

    /// Returns true if the asker waits for a reply.
    pub(crate) fn is_ask(&self) -> bool {
        self.wants == Wants::Reply
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    pub(super) fn set_origin(&mut self, origin: Arc<Origin>) {
        self.remarks.origin = Some(origin);
    }

    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.sink.is_none()
    }

    /// Enters the waits of the actors in the chain; an error if they would deadlock.
    pub(crate) fn enter(&self, chain: &[u8]) -> Result<(), Failure> {
        match chain {
            [] => Ok(()),
            chain => self.cancellation.enter(chain, Delivery::NotDelivered),
        }
    }

    /// Returns the scope of references in the request and in its answer.
    pub(crate) fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.sink.as_ref()?.scope()
    }

    /// Takes the sink of the one answer; `None` once that was sent.
    fn take_sink(&mut self) -> Option<Arc<dyn ReplySink>> {
        let sink = self.sink.take()?;
        self.cancellation.answer();
        Some(sink)
    }

    /// Returns true if the request was asked, and the asker does not wait any more.
    pub(crate) fn has_left(&self) -> bool {
        self.is_ask() && !self.is_waiting()
    }

    /// Returns true if the asker still waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.cancellation.is_cancelled() && Instant::now() < self.expires
    }

    /// Compares two fingerprints. Names of fields are compared as they are read.
    pub(crate) fn same_shape(&self, theirs: u64, ours: u64) -> bool {
        self.codec.names_fields() || theirs == 0 || ours == 0 || theirs == ours
    }

    /// Takes out the answer "queued": the sender of a told message wants no other.
    pub(crate) fn queued(&mut self) -> Option<Queued> {
        if self.wants != Wants::Queued {
            return None;
        }
        let sink = self.take_sink()?;
        let (id, codec) = (self.id, self.codec);
        Some(Queued { sink, id, codec })
    }

    /// Tells the sink the type of the reply that is about to be sent.
    pub(super) fn name_reply<T: ?Sized>(&self) {
        if let Some(sink) = &self.sink {
            sink.reply_type(self.id, std::any::type_name::<T>());
        }
    }

    pub(crate) fn refuse(mut self, failure: Failure) {
        self.fail(failure);
    }

    pub(crate) fn respond<T: Serialize + ?Sized>(mut self, reply: &T) -> Result<(), CodecError> {
        if self.wants == Wants::Handled {
            self.send(Outcome::Handled);
            return Ok(());
        }
        enter(self.scope(), || {
            let mut body = Vec::new();
            let encoded = self.codec.encode(reply, &mut body);
            match &encoded {
                Ok(()) => {
                    self.name_reply::<T>();
                    self.send(Outcome::Reply(body));
                }
                Err(error) => self.fail(Failure::Codec(
                    Box::new(error.clone()),
                    Delivery::MayHaveRun,
                )),
            }
            encoded
        })
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.send(Outcome::Failure(failure));
    }

    pub(crate) fn send(&mut self, outcome: Outcome) {
        if let Some(sink) = self.take_sink() {
            sink.respond(self.id, self.codec, outcome);
        }
    }
}

/// Answer "queued" to a told message. The message is made under the lock of the
/// mailbox, and a sink may do anything, so the answer is sent after that.
#[doc(hidden)]
#[must_use = "it is the answer to the request"]
pub struct Queued {
    sink: Arc<dyn ReplySink>,
    id: RequestId,
    codec: Codec,
}

impl Queued {
    pub(crate) fn send(self) {
        self.sink.respond(self.id, self.codec, Outcome::Queued);
    }
}

impl Drop for RemoteCaller {
    fn drop(&mut self) {
        if self.sink.is_some() {
            let is_late = self.is_ask() && Instant::now() >= self.expires;
            self.fail(match is_late {
                true => Failure::Deadline(self.timeout),
                false => Failure::NoReply,
            });
        }
    }
}
