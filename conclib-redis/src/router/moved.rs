//! Requests to an actor that has moved: they are sent anew to the proxy that has it now.
//!
//! Such a request was refused with `NoSuchActor`, so no handler has run, and it is sent once more
//! at most. Requests of one sender keep their order.

use std::convert::Infallible;
use std::sync::{Arc, Weak};

use conclib_core::wire::{
    Answered, Answerer, Envelope, Failure, Frame, MAX_TIMEOUT, Outlet as _, ResponseKind,
    SendRefused,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Router;
use super::table::{Known, Link, Moved};

/// Length of the prefix of a frame.
const PREFIX: usize = 4;

/// Requests to one name that wait until a search for it has ended, in their order.
pub(super) struct MovedQueue {
    router: Weak<Router>,
    incoming: mpsc::UnboundedReceiver<Moved>,
    waiting: Vec<Moved>,
}

impl MovedQueue {
    pub(super) fn new(router: Weak<Router>, incoming: mpsc::UnboundedReceiver<Moved>) -> Self {
        Self {
            router,
            incoming,
            waiting: Vec::new(),
        }
    }

    /// Takes further requests, and answers those whose deadline has passed. Cancel safe.
    pub(super) async fn keep(&mut self) -> Infallible {
        loop {
            let first = self.waiting.iter().map(|moved| moved.until).min();
            tokio::select! {
                Some(moved) = self.incoming.recv() => self.waiting.push(moved),
                () = sleep_until(first.unwrap_or_else(Instant::now)), if first.is_some() => {
                    let now = Instant::now();
                    for late in self.waiting.extract_if(.., |moved| moved.until <= now) {
                        if let Some(router) = self.router.upgrade() {
                            router.lock().moved.remove(&late.id);
                        }
                        let timeout = late.timeout;
                        late.answer(Failure::Deadline(timeout));
                    }
                }
                else => std::future::pending().await,
            }
        }
    }

    /// Takes all requests that wait. Empty only if none was sent to the queue since.
    pub(super) fn take(&mut self) -> Vec<Moved> {
        while let Ok(moved) = self.incoming.try_recv() {
            self.waiting.push(moved);
        }
        std::mem::take(&mut self.waiting)
    }
}

impl Router {
    /// Wraps the answerer of a request: if its actor is not there any more, the request is sent anew.
    pub(super) fn follow(
        &self,
        envelope: &Envelope<'_>,
        link: &Arc<Link>,
        answerer: Answerer,
    ) -> Answerer {
        let mut frame = Vec::with_capacity(envelope.body.len() + 128);
        if Frame::Request(*envelope).encode(&mut frame).is_err() {
            return answerer;
        }
        let mut moved = Moved {
            id: envelope.id,
            frame,
            timeout: envelope.timeout,
            until: Instant::now() + envelope.timeout.min(MAX_TIMEOUT),
            answerer: Some(answerer),
        };
        let (router, link) = (self.me.clone(), Arc::downgrade(link));
        Answerer::new(move |answer| match router.upgrade() {
            Some(router) if is_gone(&answer) => router.again(moved, &link),
            _ => {
                if let Some(answerer) = moved.answerer.take() {
                    answerer.answer(answer);
                }
            }
        })
    }

    /// Searches the actor of a request that was refused by a proxy, which is not asked any more.
    fn again(&self, moved: Moved, refused_by: &Weak<Link>) {
        let Ok(Frame::Request(Envelope { to, .. })) = Frame::decode(&moved.frame[PREFIX..]) else {
            return;
        };
        let to: Box<str> = to.into();
        let mut state = self.lock();
        state.forget(&to, refused_by);
        state.moved.insert(moved.id);
        // A router that is closed drops the request, which answers it: outside of the lock.
        let unsent = match self.search(&mut state, &to) {
            Some(search) => search.moved.send(moved).err().map(|unsent| unsent.0),
            None => Some(moved),
        };
        drop(state);
        drop(unsent);
    }

    /// Sends requests anew, in their order.
    pub(super) async fn resend(&self, urn: &str, known: &mut Known, requests: Vec<Moved>) {
        for moved in requests {
            // One that was cancelled is not sent.
            if self.lock().moved.remove(&moved.id) {
                resend(urn, known, moved).await;
            }
        }
    }

    /// Answers requests that are not sent anew.
    pub(super) fn fail(&self, requests: Vec<Moved>, failure: &Failure) {
        for moved in requests {
            self.lock().moved.remove(&moved.id);
            moved.answer(failure.clone());
        }
    }
}

/// Sends a request anew. One whose proxies are gone too is dropped, which answers it.
async fn resend(urn: &str, known: &mut Known, mut moved: Moved) {
    while let (Some(link), Some(answerer)) = (known.next(), moved.answerer.take()) {
        let timeout = moved.until.saturating_duration_since(Instant::now());
        let Ok(Frame::Request(envelope)) = Frame::decode(&moved.frame[PREFIX..]) else {
            return;
        };
        let envelope = Envelope {
            timeout,
            ..envelope
        };
        match link.session.send(&envelope, answerer) {
            Ok(()) => return,
            Err((SendRefused::Busy, answerer)) => {
                moved.answerer = Some(answerer);
                let room = link.session.room(urn);
                if timeout_at(moved.until, room).await.is_err() {
                    let timeout = moved.timeout;
                    return moved.answer(Failure::Deadline(timeout));
                }
            }
            Err((_, answerer)) => moved.answerer = Some(answerer),
        }
    }
}

/// Tells whether the system that answered has no actor of that name.
fn is_gone(answer: &Result<Answered<'_>, Failure>) -> bool {
    match answer {
        Ok(Answered { response, .. }) if response.kind == ResponseKind::Failure => {
            Failure::read(response.codec, response.body) == Failure::NoSuchActor
        }
        Ok(_) => false,
        Err(failure) => *failure == Failure::NoSuchActor,
    }
}
