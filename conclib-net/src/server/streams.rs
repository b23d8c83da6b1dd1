//! Streams of replies to one client. The task of its connection polls all of
//! them.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use conclib_core::__private::Failure;
use conclib_core::Never;
use conclib_core::wire::{Codec, FIRST_CREDIT, OutboundStream, RequestId};

use super::connection::Connection;
use crate::id_map::IdMap;

/// Number of unwritten bytes at which streams pause. The answer to another
/// request comes after at most so many.
const ROOM: usize = 64 * 1024;

/// Number of items moved before other work of the task has a turn.
const AT_ONCE: usize = 64;

/// Data about the open streams, under the lock of the connection.
#[derive(Default)]
pub(super) struct Open {
    /// Number of further items that the client accepts, for each stream.
    credit: IdMap<u32>,
    /// New streams that the feeding half has not picked up yet.
    new: Vec<(RequestId, Feed)>,
    /// Set if the feeding half waits until something is written.
    wants_room: bool,
}

impl Open {
    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.credit.contains_key(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.credit.len()
    }

    pub(super) fn open(&mut self, id: RequestId, feed: Feed) {
        self.credit.insert(id, FIRST_CREDIT);
        self.new.push((id, feed));
    }

    /// Credit saturates. The limit on unwritten bytes bounds the memory,
    /// whatever credit a peer gives.
    pub(super) fn grant(&mut self, id: RequestId, items: u32) -> bool {
        let credit = self.credit.get_mut(&id);
        credit
            .map(|credit| *credit = credit.saturating_add(items))
            .is_some()
    }

    /// Forgets a stream. The feeding half drops it at its next wake.
    pub(super) fn close(&mut self, id: RequestId) -> bool {
        self.credit.remove(&id).is_some()
    }

    pub(super) fn spend(&mut self, id: RequestId) {
        if let Some(credit) = self.credit.get_mut(&id) {
            *credit = credit.saturating_sub(1);
        }
    }

    fn take_new(&mut self) -> Vec<(RequestId, Feed)> {
        std::mem::take(&mut self.new)
    }

    /// Tells if this stream may send an item while `waiting` bytes are
    /// unwritten.
    fn turn(&mut self, id: RequestId, waiting: usize) -> Allowed {
        match self.credit.get(&id) {
            None => Allowed::Gone,
            Some(0) => Allowed::Later,
            Some(_) if waiting >= ROOM => {
                self.wants_room = true;
                Allowed::NoRoom
            }
            Some(_) => Allowed::Now,
        }
    }

    /// Tests if the feeding half can go on after a pause.
    pub(super) fn has_room(&mut self, waiting: usize) -> bool {
        waiting < ROOM && std::mem::take(&mut self.wants_room)
    }
}

enum Allowed {
    Now,
    /// The stream has no credit; more of it rings the bell.
    Later,
    NoRoom,
    Gone,
}

/// Notifies the feeding half of streams that can make progress, or are to end.
#[derive(Default)]
pub(super) struct Bell {
    /// Flag, so that a connection without streams does not take the lock.
    rung: AtomicBool,
    rings: Mutex<Rings>,
}

#[derive(Default)]
struct Rings {
    ids: IdMap<()>,
    feeder: Option<Waker>,
}

impl Bell {
    pub(super) fn ring(&self, id: RequestId) {
        let mut rings = self.lock();
        rings.ids.insert(id, ());
        self.wake(rings);
    }

    /// Wakes the feeding half without a stream: unwritten bytes have left.
    pub(super) fn nudge(&self) {
        self.wake(self.lock());
    }

    fn wake(&self, rings: MutexGuard<'_, Rings>) {
        let feeder = rings.feeder.clone();
        drop(rings);
        self.rung.store(true, Ordering::Release);
        feeder.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Rings> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waker of one stream.
struct Cord {
    id: RequestId,
    bell: Arc<Bell>,
}

impl Wake for Cord {
    fn wake(self: Arc<Self>) {
        self.bell.ring(self.id);
    }
}

/// Stream with its waker.
pub(super) struct Feed {
    items: OutboundStream,
    codec: Codec,
    waker: Waker,
    is_ready: bool,
}

impl Feed {
    pub(super) fn new(
        id: RequestId,
        codec: Codec,
        items: OutboundStream,
        bell: &Arc<Bell>,
    ) -> Self {
        let bell = bell.clone();
        Self {
            items,
            codec,
            waker: Waker::from(Arc::new(Cord { id, bell })),
            is_ready: false,
        }
    }
}

/// Feeding half of a connection. It never ends by itself.
pub(super) struct Feeding<'a> {
    connection: &'a Connection,
    feeds: IdMap<Feed>,
    /// Streams to poll, in their order.
    ready: VecDeque<RequestId>,
    body: Vec<u8>,
    /// Copy of the waker that the bell has.
    waker: Option<Waker>,
}

impl<'a> Feeding<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            feeds: IdMap::default(),
            ready: VecDeque::new(),
            body: Vec::new(),
            waker: None,
        }
    }

    /// Picks up new streams, and those that can make progress.
    fn look(&mut self, cx: &Context<'_>) {
        let bell = &*self.connection.bell;
        if !self
            .waker
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            self.waker = Some(cx.waker().clone());
            bell.lock().feeder = Some(cx.waker().clone());
        }
        if !bell.rung.swap(false, Ordering::AcqRel) {
            return;
        }
        let rung = std::mem::take(&mut bell.lock().ids);
        let new = self.connection.with_streams(|open, _| open.take_new());
        // A new stream replaces a cancelled one with the same id.
        self.feeds.extend(new);
        for id in rung.into_keys() {
            if let Some(feed) = self.feeds.get_mut(&id)
                && !std::mem::replace(&mut feed.is_ready, true)
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
        let allowed = self
            .connection
            .with_streams(|open, waiting| open.turn(id, waiting));
        if matches!(allowed, Allowed::NoRoom) {
            return false;
        }
        self.ready.pop_front();
        let Some(feed) = self.feeds.get_mut(&id) else {
            return true;
        };
        feed.is_ready = false;
        match allowed {
            Allowed::Now => {}
            Allowed::Later | Allowed::NoRoom => return true,
            Allowed::Gone => {
                self.feeds.remove(&id);
                return true;
            }
        }
        self.body.clear();
        let mut cx = Context::from_waker(&feed.waker);
        match feed.items.poll_body(&mut cx, &mut self.body) {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(()))) => {
                feed.is_ready = true;
                self.ready.push_back(id);
                self.connection.send_item(id, &self.body);
            }
            Poll::Ready(Some(Err(failure))) => self.end(id, Some(&failure)),
            Poll::Ready(None) => self.end(id, None),
        }
        true
    }

    fn end(&mut self, id: RequestId, failure: Option<&Failure>) {
        if let Some(feed) = self.feeds.remove(&id) {
            self.connection.end_stream(id, feed.codec, failure);
        }
    }
}

impl Future for Feeding<'_> {
    type Output = Never;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Never> {
        self.look(cx);
        for _ in 0..AT_ONCE {
            if !self.step() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
