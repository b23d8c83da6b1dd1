//! Requests of the peer: delivers them to the actors, and sends their answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Cancellation, Codec, CodecError, Envelope, Exported, Frame, Lease, MAX_TIMEOUT, Outcome,
    RefScope, ReplySink, RequestId, Response, ResponseEnvelope, carrying, exported, reuse_body,
};
use tokio::time::Instant;

use super::inner::SessionInner;
use super::open_streams::OpenStreams;
use super::ready_set::ScheduledStream;
use super::served::WaitingRequest;
use super::shares::Target;
use super::state::State;

/// Error of a request whose id belongs to another unanswered request.
pub(super) struct DuplicateId(pub(super) RequestId);

impl SessionInner {
    /// Delivers a request of the peer that came at a time.
    pub(super) fn request(
        self: &Arc<Self>,
        envelope: &Envelope<'_>,
        keys: Vec<u64>,
        came: Instant,
    ) -> Result<(), DuplicateId> {
        let Some((inlet, _)) = self.served_system.get() else {
            self.update(|state| state.refuse(envelope, Failure::NoSuchActor));
            self.revoke(&keys);
            return Ok(());
        };
        let until = came + envelope.timeout.min(MAX_TIMEOUT);
        let cancellation = Cancellation::new(envelope.codec, until);
        let waiting = WaitingRequest {
            cancellation: cancellation.clone(),
            codec: envelope.codec,
            until,
            timeout: envelope.timeout,
        };
        let carried = self.carried(&keys);
        let ((is_accepted, refused), origin) = self.update(|state| {
            let begun = state.begin(envelope, keys, waiting)?;
            Ok((begun, state.origin.clone()))
        })?;
        drop(refused);
        if is_accepted {
            carrying(carried, || match self.next_hop(envelope.to) {
                Some(to) => inlet.send_on(&to, envelope, self.clone(), origin, cancellation),
                None => {
                    inlet.deliver_with(envelope, self.clone(), origin, cancellation);
                }
            });
        }
        Ok(())
    }

    /// Answers a request whose body was not kept.
    pub(super) fn refuse_request(
        &self,
        envelope: &Envelope<'_>,
        keys: &[u64],
        why: Failure,
    ) -> Result<(), DuplicateId> {
        self.update(|state| {
            if state.serves(envelope.id) {
                return Err(DuplicateId(envelope.id));
            }
            state.refuse(envelope, why);
            Ok(())
        })?;
        self.revoke(keys);
        Ok(())
    }

    /// Gives up a request, or a stream of replies, that the peer cancels.
    pub(super) fn give_up(&self, id: RequestId) {
        let (abandoned, streamed) = self.update(|state| {
            let abandoned = state.served.abandon(id);
            (abandoned, state.served.streams.close(id))
        });
        if streamed {
            self.ready_set.insert(id);
        }
        // Called outside of the lock, as a cancellation may wake a handler.
        if let Some(waiting) = abandoned {
            waiting.cancellation.cancel();
        }
    }

    /// Adds actors of the peer that wait for the answer to a request, which may
    /// end the request by a cycle.
    pub(super) fn peer_waits(&self, id: RequestId, chain: &[u8]) {
        let waiting = {
            let state = self.lock();
            let waiting = state.served.waiting(id);
            waiting.map(|waiting| waiting.cancellation.clone())
        };
        // Called outside of the lock, as this may pass the waiting actors on to
        // other systems.
        let Some(response) = waiting.and_then(|waiting| waiting.waits(id, chain)) else {
            return;
        };
        // The request is answered early, while its actor still has it.
        let abandoned = self.update(|state| {
            let abandoned = state.served.abandon(id)?;
            state.send_short(&Frame::Response(response.as_response()));
            Some(abandoned)
        });
        drop(abandoned);
    }

    /// Adds credit to a stream. A stream that is not known has just ended.
    pub(super) fn credit(&self, id: RequestId, items: u32) {
        if self.update(|state| state.served.streams.grant(id, items)) {
            self.ready_set.insert(id);
        }
    }

    /// Calls `look` with the open streams and the number of bytes that wait to
    /// be written.
    pub(super) fn with_streams<R>(&self, look: impl FnOnce(&mut OpenStreams, usize) -> R) -> R {
        let state = &mut *self.lock();
        look(&mut state.served.streams, state.out.waiting())
    }

    /// Sends an item of a stream, from the scope in which it was encoded.
    ///
    /// # Errors
    /// Fails if the item cannot be sent, which ends its stream.
    pub(super) fn send_item(
        &self,
        id: RequestId,
        codec: Codec,
        body: &[u8],
    ) -> Result<(), Failure> {
        let mut exported = exported();
        let sent = self.update(|state| {
            state.served.streams.spend(id);
            state.push_body(&Frame::Item { id, body }, codec, None, &mut exported)
        });
        let failed = |error| Failure::Codec(Box::new(error), Delivery::MayHaveRun);
        sent.map(drop).map_err(failed)
    }

    pub(super) fn end_stream(&self, id: RequestId, codec: Codec, failure: Option<&Failure>) {
        let mut body = Vec::new();
        let failure = failure.map(|failure| {
            // A failed encoding leaves `body` empty, which is read as "no reply".
            let _ = codec.encode(failure, &mut body);
            (codec, &body[..])
        });
        self.update(|state| {
            if state.served.streams.close(id) {
                state.send_short(&Frame::End { id, failure });
            }
        });
    }

    /// Waits until requests can be read again.
    pub(super) fn poll_readable(&self) -> Poll<()> {
        match self.is_paused.load(Ordering::Acquire) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

impl State {
    /// Registers a request of the peer. False, and the references in it, if it
    /// is refused.
    fn begin(
        &mut self,
        envelope: &Envelope<'_>,
        keys: Vec<u64>,
        waiting: WaitingRequest,
    ) -> Result<(bool, Vec<Lease>), DuplicateId> {
        let target = Target::of(envelope.to);
        if self.serves(envelope.id) {
            return Err(DuplicateId(envelope.id));
        }
        let refused = if self.served.is_refusing {
            // The request was sent before the peer got the goodbye.
            Failure::Stopped(Delivery::NotDelivered)
        } else if !self.served.has_slot(target) {
            Failure::MailboxFull
        } else {
            self.plan(waiting.until);
            self.served.begin(envelope.id, target, waiting);
            if !keys.is_empty() {
                self.references.came_with(envelope.id, keys);
            }
            return Ok((true, Vec::new()));
        };
        self.refuse(envelope, refused);
        Ok((false, self.references.revoke(&keys)))
    }

    /// Gives up the requests that actors have, and says at the end of all frames that no other was
    /// read. Returns those whose callers wait.
    pub(super) fn give_all_up(&mut self) -> Vec<WaitingRequest> {
        let waiting = self.served.abandon_all();
        let given_up = waiting.into_iter().map(|(id, waiting)| {
            let why = Failure::Disconnected(Delivery::MayHaveRun);
            self.send_failure(id, waiting.codec, why);
            waiting
        });
        let given_up = given_up.collect();
        // Only a frame that is too large is an error.
        let _ = self.out.seal_with(&Frame::Goodbye);
        given_up
    }

    /// Answers a request that is not passed to an actor.
    fn refuse(&mut self, envelope: &Envelope<'_>, why: Failure) {
        self.send_failure(envelope.id, envelope.codec, why);
    }

    /// Answers a request with a failure, which always fits.
    pub(super) fn send_failure(&mut self, id: RequestId, codec: Codec, why: Failure) {
        let response = ResponseEnvelope::failure(id, codec, &why);
        self.send_short(&Frame::Response(response.as_response()));
    }
}

impl ReplySink for SessionInner {
    fn scope(&self) -> Option<Arc<dyn RefScope>> {
        self.body_scope()
    }

    fn respond(&self, id: RequestId, codec: Codec, outcome: Outcome) {
        let (response, items) = outcome.into_response(id, codec);
        let stream = items.map(|items| ScheduledStream::new(id, codec, items, &self.ready_set));
        let is_stream = stream.is_some();
        let mut exported = exported();
        // A stream that is not wanted is dropped outside of the lock, as its
        // drop is code of the user; so are actors that are let go.
        let dropped = self.update(|state| {
            let unwanted = state.answer(response.as_response(), &mut exported, stream);
            (unwanted, state.references.answered(id))
        });
        drop(dropped);
        reuse_body(response.body);
        if is_stream {
            self.ready_set.insert(id);
        }
    }
}

impl State {
    /// Sends the answer to a request, and opens its stream. Returns the stream
    /// if it is not opened.
    fn answer(
        &mut self,
        response: Response<'_>,
        exported: &mut Vec<Exported>,
        stream: Option<ScheduledStream>,
    ) -> Option<ScheduledStream> {
        let Response { id, codec, .. } = response;
        // `None`: the connection has ended.
        if self.served.done(id) != Some(true) {
            return stream;
        }
        if stream.is_some() && self.served.streams.len() >= self.limits.streams {
            self.send_failure(id, codec, Failure::TooManyStreams);
            return stream;
        }
        let frame = Frame::Response(response);
        let pushed = match self.is_overfull(response.body.len()) {
            true => Err(CodecError::Unencodable {
                codec,
                detail:
                    "too many answers wait to be read by the process of the asker: ask for less \
                         at once"
                        .to_owned(),
            }),
            false => self.push_body(&frame, codec, None, exported).map(drop),
        };
        if let Err(error) = pushed {
            let error = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
            self.send_failure(id, codec, error);
            return stream;
        }
        if let Some(stream) = stream {
            self.served.streams.open(id, stream);
        }
        None
    }
}
