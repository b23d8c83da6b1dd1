//! Stream of the names of a system, as they are claimed and released.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use conclib_wire::Urn;
use futures_core::Stream;

/// Change of a name of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// The name belongs to an actor from now on.
    Claimed(Urn),
    /// The name is free.
    Released(Urn),
}

/// Owner of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// One actor.
    Actor,
    /// Pool: each request goes to one of its actors.
    Pool,
}

/// Stream of the names of a system: all that there are, oldest first, and then each change.
///
/// Names are those of named actors, and those that were published. No change is lost, however
/// slowly the stream is read: it keeps what has changed since, for each name once. A name that was
/// claimed and released meanwhile is left out.
pub struct Names(Arc<Changes>);

/// Changes that a reader has not seen.
#[derive(Default)]
struct Changes(Mutex<Unread>);

#[derive(Default)]
struct Unread {
    /// Changes in the order of their names' first change.
    in_order: BTreeMap<u64, (Urn, Change)>,
    by_name: HashMap<Urn, u64>,
    next: u64,
    reader: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Claimed,
    Released,
    /// Released by one actor and claimed by another.
    Moved,
}

impl Unread {
    fn add(&mut self, urn: &Urn, claimed: bool) {
        if let Some(at) = self.by_name.get(urn).copied() {
            let Some((_, change)) = self.in_order.get_mut(&at) else {
                return;
            };
            match (*change, claimed) {
                (Change::Released, true) => *change = Change::Moved,
                (Change::Moved, false) => *change = Change::Released,
                // The reader has not seen the claim.
                (Change::Claimed, false) => {
                    self.in_order.remove(&at);
                    self.by_name.remove(urn);
                }
                (Change::Claimed | Change::Moved, true) | (Change::Released, false) => {}
            }
            return;
        }
        let change = match claimed {
            true => Change::Claimed,
            false => Change::Released,
        };
        self.in_order.insert(self.next, (urn.clone(), change));
        self.by_name.insert(urn.clone(), self.next);
        self.next += 1;
    }

    fn take(&mut self) -> Option<Name> {
        let mut first = self.in_order.first_entry()?;
        let (urn, change) = first.get_mut();
        if *change == Change::Moved {
            *change = Change::Claimed;
            return Some(Name::Released(urn.clone()));
        }
        let (urn, change) = first.remove();
        self.by_name.remove(&urn);
        Some(match change {
            Change::Released => Name::Released(urn),
            Change::Claimed | Change::Moved => Name::Claimed(urn),
        })
    }
}

impl Changes {
    fn lock(&self) -> MutexGuard<'_, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    /// Waits for the next change.
    ///
    /// # Cancel safety
    /// Dropping the future loses no change.
    pub async fn next(&mut self) -> Name {
        std::future::poll_fn(|cx| self.poll_change(cx)).await
    }

    /// Returns the next change, if there is one by now.
    pub fn try_next(&mut self) -> Option<Name> {
        self.0.lock().take()
    }

    fn poll_change(&self, cx: &Context<'_>) -> Poll<Name> {
        let mut unread = self.0.lock();
        match unread.take() {
            Some(name) => Poll::Ready(name),
            None => {
                unread.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Never ends.
impl Stream for Names {
    type Item = Name;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Name>> {
        self.poll_change(cx).map(Some)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

/// Readers of the names of one system.
#[derive(Default)]
pub(super) struct NameReaders {
    readers: Vec<Weak<Changes>>,
    /// Readers to be woken once the table is unlocked, since a waker may run any code.
    wakers: Vec<Waker>,
}

impl NameReaders {
    /// Adds a reader, which begins with the names that there are.
    pub(super) fn add<'n>(&mut self, names: impl Iterator<Item = &'n Urn>) -> Names {
        let changes = Arc::new(Changes::default());
        {
            let mut unread = changes.lock();
            for urn in names {
                unread.add(urn, true);
            }
        }
        self.readers.push(Arc::downgrade(&changes));
        Names(changes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.readers.is_empty()
    }

    #[cold]
    pub(super) fn change(&mut self, urn: &Urn, claimed: bool) {
        self.readers.retain(|reader| {
            let Some(changes) = reader.upgrade() else {
                return false;
            };
            let mut unread = changes.lock();
            unread.add(urn, claimed);
            self.wakers.extend(unread.reader.take());
            true
        });
    }

    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.wakers)
    }
}
