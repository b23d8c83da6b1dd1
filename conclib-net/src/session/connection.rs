//! Ups and downs of the connection of a session.

use std::error::Error;
use std::sync::Arc;
use std::task;

use conclib_core::__private::Failure;
use conclib_core::Delivery;
use conclib_core::wire::{Frame, Outage};

use super::answer;
use super::id_map::IdMap;
use super::inner::SessionInner;
use super::outbox::Outbox;
use super::state::Connection;
use crate::sync::atomic::Ordering;

impl SessionInner {
    /// Tells the peer to send no new requests. Answers are still sent.
    pub(super) fn refuse_new(&self) {
        self.update(|state| {
            if !std::mem::replace(&mut state.served.is_refusing, true) {
                state.send_short(&Frame::Goodbye);
            }
        });
    }

    /// Sends no more requests; queued frames are still sent. The requests of the peer that its actors
    /// have are answered by a failure, and those that have not been read by a second goodbye.
    pub(super) fn close(&self) {
        self.refuse_new();
        let (callers, given_up) = self.update(|state| {
            let given_up = match state.link {
                Connection::Up | Connection::Leaving => state.give_all_up(),
                Connection::Down | Connection::Closed => Vec::new(),
            };
            state.link = Connection::Closed;
            state.out.seal();
            (state.pending.queue.all(), given_up)
        });
        // Set after the last frames are queued, since the driver stops for it.
        self.is_closing.store(true, Ordering::Release);
        for waiting in given_up {
            waiting.cancellation.cancel();
        }
        let driver = self.lock().driver.clone();
        driver.into_iter().for_each(task::Waker::wake);
        callers.into_iter().for_each(task::Waker::wake);
        self.closing.notify_one();
    }

    /// Announces that no frame follows, and writes the queued ones.
    pub(super) fn seal(&self) {
        self.refuse_new();
        self.update(|state| state.out.seal());
    }

    /// Notes that the peer takes no new requests on this connection. By a second goodbye it has
    /// answered all requests that it has read: the others are not delivered.
    pub(super) fn goodbye(&self) {
        self.peer_is_leaving("the peer is shutting down");
        let unread = self.update(|state| match state.pending.has_goodbye {
            true => state.pending.remove_all(),
            false => {
                state.pending.has_goodbye = true;
                IdMap::default()
            }
        });
        for request in unread.into_values() {
            let failure = Failure::Disconnected(Delivery::NotDelivered);
            answer(request.answerer, Err(failure));
        }
    }

    /// Notes that the peer takes no new requests on this connection.
    pub(super) fn peer_is_leaving(&self, why: &str) {
        self.update(|state| {
            if state.link == Connection::Up {
                state.link = Connection::Leaving;
                state.set_down(why, None);
            }
        });
    }

    /// Notes that the peer does not read any more: frames for it are dropped,
    /// and answers that it sent before can still be read.
    pub(super) fn peer_is_deaf(&self) {
        self.peer_is_leaving("the peer does not read any more");
        self.update(|state| state.out.discard());
    }

    /// Notes that a connection is up. True if it replaces one that was lost.
    pub(super) fn connected(&self) -> bool {
        self.update(|state| match state.link {
            Connection::Closed | Connection::Up | Connection::Leaving => false,
            Connection::Down => {
                state.link = Connection::Up;
                state.down = None;
                state.out = Outbox::default();
                self.is_dead.store(false, Ordering::Relaxed);
                state.served.is_refusing = false;
                self.written
                    .iter()
                    .for_each(|lane| lane.store(0, Ordering::Relaxed));
                self.reconnects.fetch_add(1, Ordering::Relaxed);
                true
            }
        })
    }

    /// Notes that an attempt to connect has failed.
    pub(super) fn connect_failed(&self, why: &str, cause: Arc<dyn Error + Send + Sync>) {
        self.lock().set_down(why, Some(cause));
    }

    /// Notes that the connection is gone: fails all requests of this end, and
    /// cancels those of the peer.
    pub(super) fn disconnected(&self, why: &str) {
        let (pending, buffers, (waiting, streams), references) = self.update(|state| {
            if state.link != Connection::Closed {
                state.link = Connection::Down;
            }
            state.set_down(why, None);
            state.out.discard();
            state.next_tick = None;
            state.driver = None;
            (
                state.pending.remove_all(),
                std::mem::take(&mut state.pending.streams),
                state.served.remove_all(),
                state.references.end(),
            )
        });
        self.greeted.notify_waiters();
        for waiting in waiting {
            waiting.cancellation.cancel();
        }
        // After the requests: a lock that a reference has held goes to none of them.
        drop((streams, references));
        for buffer in buffers.into_values() {
            buffer.finish(Err(Failure::Disconnected(Delivery::MayHaveRun)));
        }
        for request in pending.into_values() {
            let written = self.written[request.position.lane as usize].load(Ordering::Relaxed);
            let delivery = match request.position.end > written {
                true => Delivery::NotDelivered,
                false => Delivery::MayHaveRun,
            };
            answer(request.answerer, Err(Failure::Disconnected(delivery)));
        }
    }

    pub(super) fn outage(&self) -> Option<Outage> {
        self.lock().outage()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().link == Connection::Closed
    }
}
