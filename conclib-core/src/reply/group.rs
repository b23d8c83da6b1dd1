//! Group of replies, picked up in the order in which they come.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_wire::{Never, Urn};
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::pick::Reply;
use crate::error::AskError;
use crate::time::{DeadlineTimer, Elapsed};

/// Group of replies, picked up in the order in which they come, each with its key: the
/// key given to [`insert`](Self::insert), or the number of replies that were
/// [`push`](Self::push)ed before.
///
/// Dropping the group gives up the replies that have not come. A wake-up costs as much
/// as there are replies that came, however many are pending.
///
/// ```
/// use std::time::Duration;
/// use conclib::prelude::*;
///
/// # #[actor]
/// # struct Squares;
/// #
/// # #[actor]
/// # impl Squares {
/// #     #[message]
/// #     fn square(&mut self, n: u64) -> u64 { n * n }
/// # }
/// #
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let mut group = ReplyGroup::new().timeout(Duration::from_secs(1));
/// for n in 0..10 {
///     let squares = system.spawn(Squares)?;
///     group.insert(n, squares.square(n).reply().await?);
/// }
/// while let Some((n, square)) = group.next().await {
///     assert_eq!(square?, n * n);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "the replies are never picked up: use `.next()`"]
pub struct ReplyGroup<T, E = Never, K = usize> {
    waiting: FuturesUnordered<GroupMember<T, E, K>>,
    /// Number of replies that were put in.
    count: usize,
    deadline: DeadlineTimer,
    /// Replies that timed out, in the order in which they were put in.
    late: VecDeque<(K, AskError<E>)>,
}

/// Result of a reply, with its key.
type Keyed<K, T, E> = (K, Result<T, AskError<E>>);

/// Reply of a group, with its key.
struct GroupMember<T, E, K> {
    reply: Reply<T, E>,
    /// Key, taken out when the reply comes.
    key: Option<K>,
    place: usize,
}

// No field is ever pinned.
impl<T, E, K> Unpin for GroupMember<T, E, K> {}

impl<T, E, K> Future for GroupMember<T, E, K> {
    type Output = (Option<K>, Result<T, AskError<E>>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.reply).poll(cx));
        Poll::Ready((self.key.take(), answer))
    }
}

impl<T, E, K> ReplyGroup<T, E, K> {
    /// Creates a group without a reply.
    pub fn new() -> Self {
        Self {
            waiting: FuturesUnordered::new(),
            count: 0,
            deadline: DeadlineTimer::Never,
            late: VecDeque::new(),
        }
    }

    /// Limits the time for all the replies together, counted from this call, in place
    /// of any former limit of the group. The limit of each reply holds beside that.
    ///
    /// After that time, each reply that has not come ends in [`AskError::Deadline`].
    pub fn timeout(mut self, after: Duration) -> Self {
        self.deadline = DeadlineTimer::after(after);
        self
    }

    /// Puts a reply in, under a key. Two replies may have the same key.
    pub fn insert(&mut self, key: K, reply: Reply<T, E>) {
        self.waiting.push(GroupMember {
            reply,
            key: Some(key),
            place: self.count,
        });
        self.count += 1;
    }

    /// Waits for the next reply that comes, or for its error, and returns it with its
    /// key; `None` when all have been picked up.
    ///
    /// # Cancel safety
    /// Dropping the future loses no reply.
    pub async fn next(&mut self) -> Option<Keyed<K, T, E>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Number of replies that have not been picked up.
    pub fn len(&self) -> usize {
        self.waiting.len() + self.late.len()
    }

    /// Tells whether all replies have been picked up.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the name of the first actor that has not answered.
    pub(super) fn urn(&self) -> Option<Urn> {
        let first = self.waiting.iter().min_by_key(|member| member.place)?;
        first.reply.urn()
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Keyed<K, T, E>>> {
        loop {
            if let Some((key, error)) = self.late.pop_front() {
                return Poll::Ready(Some((key, Err(error))));
            }
            match self.waiting.poll_next_unpin(cx) {
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some((Some(key), answer))) => {
                    return Poll::Ready(Some((key, answer)));
                }
                // A reply comes once, and its key with it.
                Poll::Ready(Some((None, _))) => {}
                Poll::Pending => {
                    let late = ready!(self.deadline.poll(cx));
                    self.give_up(late);
                }
            }
        }
    }

    /// Ends all replies that have not come, since their time is over.
    fn give_up(&mut self, late: Elapsed) {
        let mut rest: Vec<_> = std::mem::take(&mut self.waiting).into_iter().collect();
        rest.sort_unstable_by_key(|member| member.place);
        let errors = rest.into_iter().filter_map(|mut member| {
            let error = member.reply.give_up(late);
            Some((member.key?, error))
        });
        self.late.extend(errors);
    }
}

impl<T, E> ReplyGroup<T, E> {
    /// Puts a reply in, and returns its key: the number of replies that were put in
    /// before.
    pub fn push(&mut self, reply: Reply<T, E>) -> usize {
        let key = self.count;
        self.insert(key, reply);
        key
    }
}

impl<T, E, K> Default for ReplyGroup<T, E, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E, K> fmt::Debug for ReplyGroup<T, E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyGroup")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
