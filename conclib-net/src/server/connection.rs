//! What is under way for one client of a broker.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{
    Cancellation, Codec, CodecError, Envelope, Frame, Inlet, MAX_BODY, Origin, ReplySink,
    RequestId, ResponseEnvelope, ResponseKind,
};
use tokio::sync::Notify;

use crate::id_map::IdMap;
use crate::limits::Limits;
use crate::outbox::{Outbox, Source};

/// What the task of a connection shares with all who answer its requests.
pub(super) struct Connection {
    limits: Limits,
    state: Mutex<State>,
    /// Tells the task that the peer does not read.
    pub(super) stalled: Notify,
}

struct State {
    out: Outbox,
    /// Every request that has come in and has not been answered.
    live: IdMap<Live>,
    /// The reading half, while it may not read.
    reader: Option<Waker>,
    /// Whether the peer was told to send no new requests.
    refusing: bool,
}

enum Live {
    /// Its actor is about to get it.
    Delivering,
    Waiting(Cancellation),
    /// Its asker has left. It keeps its place until its actor is done with it:
    /// a client cannot have more under way by giving up.
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
            reader: None,
            refusing: false,
        };
        Self {
            limits,
            state: Mutex::new(state),
            stalled: Notify::new(),
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
        let load = state.load(&self.limits);
        drop(state);
        // It may wake a handler: not under the lock.
        if let Some(Live::Waiting(cancellation)) = left {
            cancellation.cancel();
        }
        load
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
}

impl Source for Connection {
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        let (taken, reader) = {
            let mut state = self.lock();
            (state.out.poll_take(cx, empty), state.readable(&self.limits))
        };
        reader.into_iter().for_each(Waker::wake);
        taken
    }

    fn wrote(&self, _: usize) {}
}

/// However the task of a connection ends, by an abort too: nobody waits for
/// the answers any more, and what comes is forgotten.
pub(super) struct Leaving<'a>(pub(super) &'a Connection);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let live = {
            let mut state = self.0.lock();
            state.out.discard();
            state.reader = None;
            std::mem::take(&mut state.live)
        };
        for request in live.into_values() {
            if let Live::Waiting(cancellation) = request {
                cancellation.cancel();
            }
        }
    }
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
