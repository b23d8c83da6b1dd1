//! Events of a connection, which its task reports to the session.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{Answered, Answerer, Frame, Response, ResponseKind, StreamSource};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::in_flight::{Link, PendingRequest};
use super::liveness::{Health, Liveness, probe};
use super::session::Session;
use crate::clock::Deadlines;
use crate::outbox::{ByteSource, Outbox};

impl Session {
    /// Hands an answer to the caller that waits for it.
    pub(super) fn complete(self: &Arc<Self>, response: Response<'_>) {
        let (waiting, was_probe, askers, writer) = {
            let mut state = self.lock();
            let waiting = state.remove(response.id);
            let was_probe = state.probe.take_if(|id| *id == response.id).is_some();
            let opens = waiting.is_some() && response.kind == ResponseKind::Stream;
            let askers = state.admit();
            let writer = if state.link == Link::Leaving && !opens {
                state.seal_if_done()
            } else {
                None
            };
            (waiting, was_probe, askers, writer)
        };
        match waiting {
            Some(waiting) => {
                let items = (response.kind == ResponseKind::Stream).then(|| {
                    self.open_stream(response.id, response.codec) as Box<dyn StreamSource>
                });
                answer(waiting.answerer, Ok(Answered { response, items }));
            }
            None if was_probe => {}
            None => {
                self.late.fetch_add(1, Ordering::Relaxed);
            }
        }
        askers.into_iter().chain(writer).for_each(Waker::wake);
    }

    /// Notes that the server takes no new requests on this connection.
    pub(super) fn server_is_leaving(&self) {
        let writer = {
            let mut state = self.lock();
            if state.link == Link::Up {
                state.link = Link::Leaving;
                state.set_down("the server is shutting down");
            }
            state.seal_if_done()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    /// Notes that a new connection is up.
    pub(super) fn connected(&self) {
        let askers = {
            let mut state = self.lock();
            if state.link == Link::Closed {
                return;
            }
            state.link = Link::Up;
            state.down = None;
            state.out = Outbox::default();
            state.pushed = 0;
            self.written.store(0, Ordering::Relaxed);
            state.admit()
        };
        self.reconnects.fetch_add(1, Ordering::Relaxed);
        askers.into_iter().for_each(Waker::wake);
    }

    /// Notes that the connection is gone, and fails all requests on it.
    pub(super) fn disconnected(&self, why: &str) {
        let mut cut_off = Vec::new();
        let (lost, written) = {
            let mut state = self.lock();
            if state.link != Link::Closed {
                state.link = Link::Down;
            }
            state.set_down(why);
            state.out.discard();
            state.next_tick = None;
            state.liveness = Liveness::default();
            state.probe = None;
            cut_off.extend(std::mem::take(&mut state.streams).into_values());
            (state.remove_all(), self.written.load(Ordering::Relaxed))
        };
        for buffer in cut_off {
            buffer.finish(Err(Failure::Disconnected(Delivery::MayHaveRun)));
        }
        for PendingRequest { answerer, end, .. } in lost.into_values() {
            let delivery = match end > written {
                true => Delivery::NotDelivered,
                false => Delivery::MayHaveRun,
            };
            answer(answerer, Err(Failure::Disconnected(delivery)));
        }
    }
}

impl Deadlines for Session {
    fn next_tick(&self) -> Option<Instant> {
        self.lock().next_tick
    }

    fn tick(&self) {
        let now = Instant::now();
        let (late, askers, writer, health) = {
            let mut state = self.lock();
            let is_late = |waiting: &PendingRequest| waiting.until <= now;
            let ids: Vec<_> = (state.pending.iter())
                .filter(|(_, waiting)| is_late(waiting))
                .map(|(id, _)| *id)
                .collect();
            let mut late = Vec::with_capacity(ids.len());
            for id in ids {
                late.extend(state.remove(id));
                if matches!(state.link, Link::Up | Link::Leaving) {
                    // A cancel frame has no names and no body, so it always
                    // fits.
                    state.pushed += state.out.push(&Frame::Cancel(id)).unwrap_or(0) as u64;
                }
            }
            let heard = self.heard.swap(false, Ordering::Relaxed);
            let health = state.liveness.update(now, late.len(), heard);
            if health == Health::Probe {
                let id = self.ids.next();
                // The check is a few bytes, so it always fits.
                state.pushed += state.out.push(&probe(id)).unwrap_or(0) as u64;
                state.probe = Some(id);
            }
            let next = state.pending.values().map(|waiting| waiting.until).min();
            state.next_tick = next.into_iter().chain(state.liveness.until()).min();
            let askers = state.admit();
            (late, askers, state.seal_if_done(), health)
        };
        if health == Health::Dead {
            self.dead.notify_one();
        }
        for waiting in late {
            answer(waiting.answerer, Err(Failure::Deadline(waiting.timeout)));
        }
        askers.into_iter().chain(writer).for_each(Waker::wake);
    }

    fn earlier(&self) -> &Notify {
        &self.earlier
    }
}

impl ByteSource for Session {
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        let (taken, askers) = {
            let mut state = self.lock();
            let taken = state.out.poll_take(cx, empty);
            (taken, state.admit())
        };
        askers.into_iter().for_each(Waker::wake);
        taken
    }

    fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Calls an answerer. It decodes a reply by code of the user, which may panic;
/// a panic must not end the connection.
fn answer(answerer: Answerer, answer: Result<Answered<'_>, Failure>) {
    if catch_unwind(AssertUnwindSafe(|| answerer(answer))).is_err() {
        tracing::error!(target: "conclib::net", "reading a reply panicked; its asker gets none");
    }
}
