//! Scheduler of the streams of replies to the peer. The task of the
//! link polls all of them.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use conclib_core::__private::Failure;
use conclib_core::Never;
use conclib_core::wire::{ReplySink, RequestId, enter};

use super::id_map::IdMap;
use super::inner::SessionInner;
use super::open_streams::Permission;
use super::ready_set::ScheduledStream;

/// Number of items moved before other work of the task has a turn.
const AT_ONCE: usize = 64;

/// Future that sends the items of all streams of a connection, item by item in
/// turn. Never ends by itself.
pub(super) struct StreamScheduler<'a> {
    session: &'a SessionInner,
    streams: IdMap<ScheduledStream>,
    /// Streams to poll, in their order.
    ready: VecDeque<RequestId>,
    body: Vec<u8>,
    /// Copy of the waker that the ready set has.
    waker: Option<Waker>,
}

impl<'a> StreamScheduler<'a> {
    pub(super) fn new(session: &'a SessionInner) -> Self {
        Self {
            session,
            streams: IdMap::default(),
            ready: VecDeque::new(),
            body: Vec::new(),
            waker: None,
        }
    }

    /// Picks up new streams, and those that can make progress.
    fn update(&mut self, cx: &Context<'_>) {
        let ready_set = &*self.session.ready_set;
        if !self
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            self.waker = Some(cx.waker().clone());
            ready_set.register(cx.waker().clone());
        }
        let Some(changed) = ready_set.take() else {
            return;
        };
        let new = self.session.with_streams(|open, _| open.take_new());
        // A new stream replaces a cancelled one with the same id.
        self.streams.extend(new);
        for id in changed.into_keys() {
            if let Some(stream) = self.streams.get_mut(&id)
                && !std::mem::replace(&mut stream.is_ready, true)
            {
                self.ready.push_back(id);
            }
        }
    }

    /// Lets the next stream send an item. False if none can right now.
    fn step(&mut self) -> bool {
        let Some(&id) = self.ready.front() else {
            return false;
        };
        let permission = self
            .session
            .with_streams(|open, waiting| open.permission(id, waiting));
        if matches!(permission, Permission::NoRoom) {
            return false;
        }
        self.ready.pop_front();
        let Some(stream) = self.streams.get_mut(&id) else {
            return true;
        };
        stream.is_ready = false;
        match permission {
            Permission::Granted => {}
            Permission::NoCredit | Permission::NoRoom => return true,
            Permission::Closed => {
                self.streams.remove(&id);
                return true;
            }
        }
        let (session, body) = (self.session, &mut self.body);
        body.clear();
        let codec = stream.codec;
        let polled = enter(ReplySink::scope(session), || {
            let mut cx = Context::from_waker(&stream.waker);
            match stream.items.poll_body(&mut cx, body) {
                Poll::Ready(Some(Ok(()))) => Poll::Ready(Some(session.send_item(id, codec, body))),
                polled => polled,
            }
        });
        match polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(()))) => {
                stream.is_ready = true;
                self.ready.push_back(id);
            }
            Poll::Ready(Some(Err(failure))) => self.end(id, Some(&failure)),
            Poll::Ready(None) => self.end(id, None),
        }
        true
    }

    fn end(&mut self, id: RequestId, failure: Option<&Failure>) {
        if let Some(stream) = self.streams.remove(&id) {
            self.session.end_stream(id, stream.codec, failure);
        }
    }
}

impl Future for StreamScheduler<'_> {
    type Output = Never;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Never> {
        self.update(cx);
        for _ in 0..AT_ONCE {
            if !self.step() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
