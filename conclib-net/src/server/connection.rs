//! What is under way for one client of a broker.

mod leaving;

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Cancellation, Codec, CodecError, Envelope, Frame, Inlet, MAX_BODY, Origin, Outgoing, ReplySink,
    RequestId, Response, ResponseEnvelope, ResponseKind,
};
use tokio::sync::Notify;

pub(super) use self::leaving::Leaving;
use super::streams::{Bell, Feed, Open};
use crate::id_map::IdMap;
use crate::limits::Limits;
use crate::outbox::{Outbox, Source};

/// What the task of a connection shares with all who answer its requests.
pub(super) struct Connection {
    limits: Limits,
    state: Mutex<State>,
    /// Tells the task that the peer does not read.
    pub(super) stalled: Notify,
    /// Tells it of streams that can go on.
    pub(super) bell: Arc<Bell>,
}

struct State {
    out: Outbox,
    /// Every request that has come in and has not been answered.
    live: IdMap<Live>,
    /// Those that are being answered by a stream.
    streams: Open,
    /// The reading half, while it may not read.
    reader: Option<Waker>,
    /// Whether the peer was told to send no new requests.
    refusing: bool,
}

enum Live {
    /// Its actor is about to get it.
    Delivering,
    Waiting(Cancellation),
    /// Its asker has left, or was told early. It keeps its place until its actor
    /// is done with it: a client cannot have more under way by giving up.
    Left,
}

/// Whether a client has as much under way as it may.
#[derive(PartialEq, Eq)]
pub(super) enum Load {
    Light,
    Full,
}

/// The id of a request is that of another one, which is not answered yet.
#[derive(Debug, thiserror::Error)]
#[error("the peer has two requests with the id {0} under way")]
pub(super) struct Duplicate(RequestId);

impl State {
    fn load(&self, limits: &Limits) -> Load {
        let light = self.live.len() < limits.window && self.out.waiting() < limits.waiting;
        if light { Load::Light } else { Load::Full }
    }

    /// The reading half, if it waits and can go on.
    #[must_use]
    fn readable(&mut self, limits: &Limits) -> Option<Waker> {
        self.reader
            .take_if(|_| self.live.len() < limits.window && self.out.waiting() < limits.waiting)
    }
}

impl Connection {
    pub(super) fn new(limits: Limits) -> Self {
        let state = State {
            out: Outbox::default(),
            live: IdMap::default(),
            streams: Open::default(),
            reader: None,
            refusing: false,
        };
        Self {
            limits,
            state: Mutex::new(state),
            stalled: Notify::new(),
            bell: Arc::default(),
        }
    }

    pub(super) fn request(
        &self,
        envelope: &Envelope<'_>,
        inlet: &Inlet,
        sink: &Arc<dyn ReplySink>,
        origin: &Origin,
    ) -> Result<Load, Duplicate> {
        let refusing = {
            // Before it is delivered: the answer may come before that returns.
            let mut state = self.lock();
            if state.streams.contains(envelope.id) {
                return Err(Duplicate(envelope.id));
            }
            match state.live.entry(envelope.id) {
                Entry::Occupied(_) => return Err(Duplicate(envelope.id)),
                Entry::Vacant(place) => place.insert(Live::Delivering),
            };
            state.refusing
        };
        if refusing {
            // It crossed our goodbye.
            self.respond(failure(
                envelope.id,
                envelope.codec,
                &Failure::Stopped(Delivery::NotDelivered),
            ));
            return Ok(Load::Light);
        }
        let cancellation = inlet.deliver(envelope, sink.clone(), origin.clone());
        let mut state = self.lock();
        if let Some(cancellation) = cancellation
            && let Some(live) = state.live.get_mut(&envelope.id)
        {
            *live = Live::Waiting(cancellation);
        }
        Ok(state.load(&self.limits))
    }

    pub(super) fn cancel(&self, id: RequestId) -> Load {
        let mut state = self.lock();
        let live = state.live.get_mut(&id);
        let left = live.map(|live| std::mem::replace(live, Live::Left));
        let streamed = state.streams.close(id);
        let load = state.load(&self.limits);
        drop(state);
        if streamed {
            self.bell.ring(id);
        }
        // It may wake a handler: not under the lock.
        if let Some(Live::Waiting(cancellation)) = left {
            cancellation.cancel();
        }
        load
    }

    /// Others wait for the answer to a request, too: that may end it.
    pub(super) fn waits(&self, id: RequestId, chain: &[u8]) -> Load {
        let asked = match self.lock().live.get(&id) {
            Some(Live::Waiting(asked)) => Some(asked.clone()),
            // It has just been answered, or its asker has left.
            _ => None,
        };
        // It may tell others: not under the lock.
        if let Some(response) = asked.and_then(|asked| asked.waits(id, chain)) {
            self.tell_early(&response);
        }
        self.lock().load(&self.limits)
    }

    /// The answer of a request that its actor still has.
    fn tell_early(&self, response: &ResponseEnvelope) {
        let (_cancellation, writer) = {
            let mut state = self.lock();
            let Some(live @ Live::Waiting(_)) = state.live.get_mut(&response.id) else {
                return;
            };
            let waiting = std::mem::replace(live, Live::Left);
            // A failure always fits.
            let _ = state.out.push(&Frame::Response(response.as_response()));
            (waiting, state.out.waker())
        };
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn credit(&self, id: RequestId, items: u32) -> Load {
        let mut state = self.lock();
        let known = state.streams.grant(id, items);
        let load = state.load(&self.limits);
        drop(state);
        // One that is not known has just ended.
        if known {
            self.bell.ring(id);
        }
        load
    }

    /// The open streams, and how many bytes wait to be written.
    pub(super) fn with_streams<R>(&self, look: impl FnOnce(&mut Open, usize) -> R) -> R {
        let state = &mut *self.lock();
        look(&mut state.streams, state.out.waiting())
    }

    pub(super) fn send_item(&self, id: RequestId, body: &[u8]) {
        let writer = {
            let mut state = self.lock();
            state.streams.spend(id);
            // No codec of ours makes a body that is too large.
            let _ = state.out.push(&Frame::Item { id, body });
            state.out.waker()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    pub(super) fn end_stream(&self, id: RequestId, codec: Codec, failure: Option<&Failure>) {
        let mut body = Vec::new();
        let failure = failure.map(|failure| {
            // It leaves `body` empty if it fails, which is read as "no reply".
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
            // A goodbye has no names and no body: it always fits.
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

    /// Forgets what is to be written: the peer does not read any more.
    pub(super) fn discard(&self) {
        self.lock().out.discard();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplySink for Connection {
    fn respond(&self, response: ResponseEnvelope) {
        let (writer, reader, stalled) = {
            let mut state = self.lock();
            match state.live.remove(&response.id) {
                // The connection has ended.
                None => return,
                Some(Live::Left) => {}
                Some(Live::Delivering | Live::Waiting(_)) => {
                    let frame = Frame::Response(response.as_response());
                    if state.out.push(&frame).is_err() {
                        // No codec of ours makes a body that is too large.
                        let error = CodecError::TooLarge { limit: MAX_BODY };
                        let error = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
                        let instead = failure(response.id, response.codec, &error);
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

    fn stream(&self, id: RequestId, codec: Codec, items: Outgoing) {
        let feed = Feed::new(id, codec, items, &self.bell);
        let (_unwanted, writer, reader) = {
            let mut state = self.lock();
            let is_wanted = match state.live.remove(&id) {
                // The connection has ended.
                None => return,
                Some(Live::Left) => false,
                Some(Live::Delivering | Live::Waiting(_)) => true,
            };
            let unwanted = match is_wanted {
                false => Some(feed),
                true if state.streams.len() >= self.limits.streams => {
                    let instead = failure(id, codec, &Failure::TooManyStreams);
                    // A failure of a few bytes always fits, and so does none.
                    let _ = state.out.push(&Frame::Response(instead.as_response()));
                    Some(feed)
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
                    state.streams.open(id, feed);
                    None
                }
            };
            // What is unwanted is a user's, and is dropped outside of the lock.
            (unwanted, state.out.waker(), state.readable(&self.limits))
        };
        self.bell.ring(id);
        writer.into_iter().chain(reader).for_each(Waker::wake);
    }
}

impl Source for Connection {
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        let (taken, reader, feeds) = {
            let state = &mut *self.lock();
            let taken = state.out.poll_take(cx, empty);
            let feeds = state.streams.has_room(state.out.waiting());
            (taken, state.readable(&self.limits), feeds)
        };
        if feeds {
            self.bell.nudge();
        }
        reader.into_iter().for_each(Waker::wake);
        taken
    }

    fn wrote(&self, _: usize) {}
}

fn failure(id: RequestId, codec: Codec, failure: &Failure) -> ResponseEnvelope {
    let mut body = Vec::new();
    // It leaves `body` empty if it fails, which is read as "no reply".
    let _ = codec.encode(failure, &mut body);
    ResponseEnvelope {
        id,
        kind: ResponseKind::Failure,
        codec,
        body,
    }
}
