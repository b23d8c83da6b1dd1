//! Requests of one client of a broker.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Cancellation, Codec, CodecError, Envelope, Frame, Inlet, MAX_BODY, MAX_TIMEOUT, Origin,
    OutboundStream, ReplySink, RequestId, Response, ResponseEnvelope, ResponseKind,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::open_streams::OpenStreams;
use super::ready_set::{ReadySet, ScheduledStream};
use crate::clock::Deadlines;
use crate::id_map::IdMap;
use crate::limits::Limits;
use crate::outbox::{ByteSource, Outbox};
use crate::shares::{Shares, Target};

/// State that the task of a connection shares with everything that answers its
/// requests.
pub(super) struct Connection {
    limits: Limits,
    state: Mutex<ConnectionState>,
    /// Tells the task that the peer does not read.
    pub(super) stalled: Notify,
    /// Tells the task which streams can make progress.
    pub(super) ready_set: Arc<ReadySet>,
    /// Tells the task that a request ends before the next timer tick.
    earlier: Notify,
}

struct ConnectionState {
    out: Outbox,
    /// Requests that their actors still have.
    live: IdMap<ServedRequest>,
    /// Slots of the requests that wait for an answer.
    waited: Shares,
    /// Slots of the requests that were given up.
    abandoned: Shares,
    /// Time of the next timer tick, no later than the deadline of any request.
    next_tick: Option<Instant>,
    /// Requests that are being answered by a stream.
    streams: OpenStreams,
    /// Waker of the reading half, while it is paused.
    reader: Option<Waker>,
    /// Set once the peer was told to send no new requests.
    refusing: bool,
}

struct ServedRequest {
    target: Target,
    stage: Stage,
}

enum Stage {
    /// The actor is about to get the request.
    Delivering,
    Waiting(WaitingRequest),
    /// The caller has left, or got an early answer. The actor still has the
    /// request.
    Abandoned,
}

struct WaitingRequest {
    cancellation: Cancellation,
    codec: Codec,
    /// Deadline of the caller.
    until: Instant,
    /// Timeout given by the caller.
    timeout: Duration,
}

/// Fill level of the outgoing buffer. `Full` pauses reading from the client.
#[derive(PartialEq, Eq)]
pub(super) enum Load {
    Light,
    Full,
}

/// Error of a request whose id belongs to another unanswered request.
#[derive(Debug, thiserror::Error)]
#[error("the peer has two requests with the id {0} under way")]
pub(super) struct DuplicateId(RequestId);

impl ConnectionState {
    fn load(&self, limits: &Limits) -> Load {
        match self.out.waiting() < limits.waiting {
            true => Load::Light,
            false => Load::Full,
        }
    }

    /// Takes the waker of the reading half, if it can go on.
    #[must_use]
    fn readable(&mut self, limits: &Limits) -> Option<Waker> {
        self.reader.take_if(|_| self.out.waiting() < limits.waiting)
    }

    fn has_room(&self, target: Target) -> bool {
        self.waited.has_room(target) && self.abandoned.has_room(target)
    }

    /// Frees the slot of a request whose caller no longer waits. Its actor may
    /// keep it for any time.
    fn abandon(&mut self, id: RequestId) -> Option<WaitingRequest> {
        let live = self.live.get_mut(&id)?;
        let Stage::Waiting(_) = live.stage else {
            return None;
        };
        self.waited.give_back(live.target);
        self.abandoned.take(live.target);
        match std::mem::replace(&mut live.stage, Stage::Abandoned) {
            Stage::Waiting(waiting) => Some(waiting),
            Stage::Delivering | Stage::Abandoned => None,
        }
    }

    /// Removes a request that its actor has finished, and says if its answer is
    /// still wanted. `None` if the connection has ended.
    fn done(&mut self, id: RequestId) -> Option<bool> {
        let live = self.live.remove(&id)?;
        let is_wanted = !matches!(live.stage, Stage::Abandoned);
        match is_wanted {
            true => self.waited.give_back(live.target),
            false => self.abandoned.give_back(live.target),
        }
        Some(is_wanted)
    }
}

impl Connection {
    pub(super) fn new(limits: Limits) -> Self {
        let state = ConnectionState {
            out: Outbox::default(),
            live: IdMap::default(),
            waited: Shares::new(limits.window),
            abandoned: Shares::new(limits.abandoned),
            next_tick: None,
            streams: OpenStreams::default(),
            reader: None,
            refusing: false,
        };
        Self {
            limits,
            state: Mutex::new(state),
            stalled: Notify::new(),
            ready_set: Arc::default(),
            earlier: Notify::new(),
        }
    }

    pub(super) fn request(
        &self,
        envelope: &Envelope<'_>,
        inlet: &Inlet,
        sink: &Arc<dyn ReplySink>,
        origin: &Arc<Origin>,
    ) -> Result<Load, DuplicateId> {
        let target = Target::of(envelope.to);
        let refused = {
            // The request is registered before it is delivered: its answer may
            // come before the delivery returns.
            let mut state = self.lock();
            if state.streams.contains(envelope.id) || state.live.contains_key(&envelope.id) {
                return Err(DuplicateId(envelope.id));
            }
            if state.refusing {
                // The request was sent before the client got the goodbye.
                Some(Failure::Stopped(Delivery::NotDelivered))
            } else if !state.has_room(target) {
                Some(Failure::MailboxFull)
            } else {
                state.waited.take(target);
                let stage = Stage::Delivering;
                state
                    .live
                    .insert(envelope.id, ServedRequest { target, stage });
                None
            }
        };
        if let Some(refused) = refused {
            return Ok(self.refuse(envelope, &refused));
        }
        let until = Instant::now() + envelope.timeout.min(MAX_TIMEOUT);
        let cancellation = inlet.deliver(envelope, sink.clone(), origin.clone());
        let (load, is_earlier) = {
            let mut state = self.lock();
            let mut is_earlier = false;
            if let Some(cancellation) = cancellation
                && let Some(live) = state.live.get_mut(&envelope.id)
            {
                live.stage = Stage::Waiting(WaitingRequest {
                    cancellation,
                    codec: envelope.codec,
                    until,
                    timeout: envelope.timeout,
                });
                is_earlier = state.next_tick.is_none_or(|next| until < next);
                if is_earlier {
                    state.next_tick = Some(until);
                }
            }
            (state.load(&self.limits), is_earlier)
        };
        if is_earlier {
            self.earlier.notify_one();
        }
        Ok(load)
    }

    /// Answers a request that is not passed to its actor.
    fn refuse(&self, envelope: &Envelope<'_>, why: &Failure) -> Load {
        let answer = ResponseEnvelope::failure(envelope.id, envelope.codec, why);
        let (load, writer) = {
            let mut state = self.lock();
            // A failure of a few bytes always fits.
            let _ = state.out.push(&Frame::Response(answer.as_response()));
            (state.load(&self.limits), state.out.waker())
        };
        writer.into_iter().for_each(Waker::wake);
        load
    }

    pub(super) fn cancel(&self, id: RequestId) -> Load {
        let mut state = self.lock();
        let abandoned = state.abandon(id);
        let streamed = state.streams.close(id);
        let load = state.load(&self.limits);
        drop(state);
        if streamed {
            self.ready_set.insert(id);
        }
        // Called outside of the lock, as a cancellation may wake a handler.
        if let Some(waiting) = abandoned {
            waiting.cancellation.cancel();
        }
        load
    }

    /// Adds actors that wait for the answer to a request, which may end the
    /// request by a cycle.
    pub(super) fn waits(&self, id: RequestId, chain: &[u8]) -> Load {
        let asked = match self.lock().live.get(&id).map(|live| &live.stage) {
            Some(Stage::Waiting(waiting)) => Some(waiting.cancellation.clone()),
            // The request was just answered, or its caller has left.
            _ => None,
        };
        // Called outside of the lock, as this may pass the waiting actors on to
        // other systems.
        if let Some(response) = asked.and_then(|asked| asked.waits(id, chain)) {
            self.answer_early(&response);
        }
        self.lock().load(&self.limits)
    }

    /// Answers a request early, while its actor still has it.
    fn answer_early(&self, response: &ResponseEnvelope) {
        let (_abandoned, writer) = {
            let mut state = self.lock();
            let Some(abandoned) = state.abandon(response.id) else {
                return;
            };
            // A failure always fits.
            let _ = state.out.push(&Frame::Response(response.as_response()));
            (abandoned, state.out.waker())
        };
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn credit(&self, id: RequestId, items: u32) -> Load {
        let mut state = self.lock();
        let known = state.streams.grant(id, items);
        let load = state.load(&self.limits);
        drop(state);
        // Unknown requests have just ended.
        if known {
            self.ready_set.insert(id);
        }
        load
    }

    /// Calls `look` with the open streams and the number of bytes that wait to
    /// be written.
    pub(super) fn with_streams<R>(&self, look: impl FnOnce(&mut OpenStreams, usize) -> R) -> R {
        let state = &mut *self.lock();
        look(&mut state.streams, state.out.waiting())
    }

    pub(super) fn send_item(&self, id: RequestId, body: &[u8]) {
        let writer = {
            let mut state = self.lock();
            state.streams.spend(id);
            // No codec of this crate makes a body that is too large.
            let _ = state.out.push(&Frame::Item { id, body });
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn end_stream(&self, id: RequestId, codec: Codec, failure: Option<&Failure>) {
        let mut body = Vec::new();
        let failure = failure.map(|failure| {
            // A failed encoding leaves `body` empty, which is read as "no reply".
            let _ = codec.encode(failure, &mut body);
            (codec, &body[..])
        });
        let writer = {
            let mut state = self.lock();
            if state.streams.close(id) {
                let _ = state.out.push(&Frame::End { id, failure });
            }
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        match state.load(&self.limits) {
            Load::Light => Poll::Ready(()),
            Load::Full => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn say_goodbye(&self) {
        let writer = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.refusing, true) {
                return;
            }
            // A goodbye has no names and no body, so it always fits.
            let _ = state.out.push(&Frame::Goodbye);
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn seal(&self) {
        let writer = {
            let mut state = self.lock();
            state.out.seal();
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    /// Drops the unwritten frames: the peer does not read any more.
    pub(super) fn discard(&self) {
        self.lock().out.discard();
    }

    /// Cancels all requests, and drops their answers.
    pub(super) fn cancel_all(&self) {
        let (live, _streams) = {
            let mut state = self.lock();
            state.out.discard();
            state.reader = None;
            let streams = std::mem::take(&mut state.streams);
            (std::mem::take(&mut state.live), streams)
        };
        for request in live.into_values() {
            if let Stage::Waiting(waiting) = request.stage {
                waiting.cancellation.cancel();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deadlines for Connection {
    fn next_tick(&self) -> Option<Instant> {
        self.lock().next_tick
    }

    /// Gives up requests whose deadline has passed. A peer has its own timer,
    /// and usually cancels first; but no request keeps its slot longer than its
    /// timeout.
    fn tick(&self) {
        let now = Instant::now();
        let (late, writer) = {
            let mut state = self.lock();
            let mut late = Vec::new();
            let mut next = None::<Instant>;
            for (id, live) in &state.live {
                if let Stage::Waiting(waiting) = &live.stage {
                    match waiting.until <= now {
                        true => late.push(*id),
                        false => next = next.into_iter().chain([waiting.until]).min(),
                    }
                }
            }
            state.next_tick = next;
            let mut abandoned = Vec::with_capacity(late.len());
            for id in late {
                let Some(waiting) = state.abandon(id) else {
                    continue;
                };
                let answer = ResponseEnvelope::failure(
                    id,
                    waiting.codec,
                    &Failure::Deadline(waiting.timeout),
                );
                // A failure of a few bytes always fits.
                let _ = state.out.push(&Frame::Response(answer.as_response()));
                abandoned.push(waiting);
            }
            (abandoned, state.out.waker())
        };
        writer.into_iter().for_each(Waker::wake);
        for waiting in late {
            waiting.cancellation.cancel();
        }
    }

    fn earlier(&self) -> &Notify {
        &self.earlier
    }
}

impl ReplySink for Connection {
    fn respond(&self, response: ResponseEnvelope) {
        let (writer, reader, stalled) = {
            let mut state = self.lock();
            match state.done(response.id) {
                // The connection has ended.
                None => return,
                Some(false) => {}
                Some(true) => {
                    let frame = Frame::Response(response.as_response());
                    if state.out.push(&frame).is_err() {
                        // No codec of this crate makes a body that is too
                        // large.
                        let error = CodecError::TooLarge { limit: MAX_BODY };
                        let error = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
                        let instead =
                            ResponseEnvelope::failure(response.id, response.codec, &error);
                        let _ = state.out.push(&Frame::Response(instead.as_response()));
                    }
                }
            }
            let stalled = state.out.waiting() > self.limits.stalled;
            (state.out.waker(), state.readable(&self.limits), stalled)
        };
        writer.into_iter().chain(reader).for_each(Waker::wake);
        if stalled {
            self.stalled.notify_one();
        }
    }

    fn stream(&self, id: RequestId, codec: Codec, items: OutboundStream) {
        let stream = ScheduledStream::new(id, codec, items, &self.ready_set);
        let (_unwanted, writer, reader) = {
            let mut state = self.lock();
            // `None`: the connection has ended.
            let Some(is_wanted) = state.done(id) else {
                return;
            };
            let unwanted = match is_wanted {
                false => Some(stream),
                true if state.streams.len() >= self.limits.streams => {
                    let instead = ResponseEnvelope::failure(id, codec, &Failure::TooManyStreams);
                    // A failure of a few bytes always fits, and so does a reply
                    // without a body.
                    let _ = state.out.push(&Frame::Response(instead.as_response()));
                    Some(stream)
                }
                true => {
                    let kind = ResponseKind::Stream;
                    let body = &[];
                    let begin = Response {
                        id,
                        kind,
                        codec,
                        body,
                    };
                    let _ = state.out.push(&Frame::Response(begin));
                    state.streams.open(id, stream);
                    None
                }
            };
            // An unwanted value is dropped outside of the lock, as its drop is
            // code of the user.
            (unwanted, state.out.waker(), state.readable(&self.limits))
        };
        self.ready_set.insert(id);
        writer.into_iter().chain(reader).for_each(Waker::wake);
    }
}

impl ByteSource for Connection {
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        let (taken, reader, streams) = {
            let state = &mut *self.lock();
            let taken = state.out.poll_take(cx, empty);
            let streams = state.streams.has_room(state.out.waiting());
            (taken, state.readable(&self.limits), streams)
        };
        if streams {
            self.ready_set.wake();
        }
        reader.into_iter().for_each(Waker::wake);
        taken
    }

    fn wrote(&self, _: usize) {}
}
