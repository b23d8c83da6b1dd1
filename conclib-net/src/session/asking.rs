//! Requests of this end: sends them, and hands over their answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use conclib_core::wire::{
    Answered, Answerer, Envelope, Exported, Frame, MAX_TIMEOUT, RequestId, Response, ResponseKind,
    SendRefused, StreamSource, carrying, enter, exported,
};
use tokio::time::Instant;

use super::answer;
use super::inner::SessionInner;
use super::pending::PendingRequest;
use super::reply_stream::ReplyStream;
use super::shares::Target;
use super::state::{Connection, State};

/// Error of an answer, or an item of a stream, without a request.
pub(super) struct Unrequested;

impl SessionInner {
    pub(super) fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
        wrap: impl FnOnce(Answerer) -> Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        // Actors that are not kept are let go outside of the lock.
        let mut exported = exported();
        let replaced = self.update(|state| state.send(envelope, &mut exported, answerer, wrap))?;
        drop(replaced);
        Ok(())
    }

    /// Forgets a request, and tells the peer to skip it.
    pub(super) fn cancel(&self, id: RequestId) {
        let gone = self.update(|state| {
            let gone = state.pending.remove(id);
            if gone.is_some() {
                state.send_short(&Frame::Cancel(id));
            }
            gone
        });
        drop(gone);
    }

    /// Tells the peer which further actors wait for the answer to a request.
    pub(super) fn waits(&self, id: RequestId, chain: &[u8]) {
        self.update(|state| {
            if state.pending.contains(id) {
                // A chain that does not fit is not sent: the request still has
                // its deadline.
                state.send_short(&Frame::Waits { id, chain });
            }
        });
    }

    /// Hands an answer to the caller that waits for it.
    pub(super) fn complete(
        self: &Arc<Self>,
        response: Response<'_>,
        keys: &[u64],
    ) -> Result<(), Unrequested> {
        let id = response.id;
        let (request, buffer, was_probe) = self.update(|state| {
            if !state.pending.count_answer() {
                return Err(Unrequested);
            }
            let request = state.pending.remove(id);
            let was_probe = state.pending.probe.take_if(|probe| *probe == id).is_some();
            let opens = request.is_some() && response.kind == ResponseKind::Stream;
            let buffer = opens.then(|| state.pending.open_stream(id, response.codec));
            Ok((request, buffer, was_probe))
        })?;
        let items = buffer.map(|buffer| {
            Box::new(ReplyStream::new(self.clone(), id, buffer)) as Box<dyn StreamSource>
        });
        match request {
            Some(request) => enter(self.body_scope(), || {
                carrying(self.carried(keys), || {
                    answer(request.answerer, Ok(Answered { response, items }));
                });
            }),
            None if was_probe => {}
            None => {
                self.late.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.revoke(keys);
        Ok(())
    }
}

impl State {
    /// Queues a request, and returns the one that had its id.
    fn send(
        &mut self,
        envelope: &Envelope<'_>,
        exported: &mut Vec<Exported>,
        answerer: Answerer,
        wrap: impl FnOnce(Answerer) -> Answerer,
    ) -> Result<Option<PendingRequest>, (SendRefused, Answerer)> {
        let target = Target::of(envelope.to);
        match self.link {
            Connection::Closed => return Err((SendRefused::Closed, answerer)),
            Connection::Up if self.has_slot(target) => {}
            _ => return Err((SendRefused::Busy, answerer)),
        }
        let frame = Frame::Request(*envelope);
        let position = match self.push_body(&frame, envelope.codec, Some(target), exported) {
            Ok(position) => position,
            Err(error) => return Err((SendRefused::Codec(error), answerer)),
        };
        let timeout = envelope.timeout;
        let until = Instant::now() + timeout.min(MAX_TIMEOUT);
        self.plan(until);
        let request = PendingRequest {
            answerer: wrap(answerer),
            target,
            until,
            timeout,
            position,
        };
        Ok(self.pending.insert(envelope.id, request))
    }
}
