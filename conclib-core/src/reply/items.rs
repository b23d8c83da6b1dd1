//! Items that a handler answers with, as a stream.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use conclib_wire::shape::{Depth, Kind, hash};
use conclib_wire::{Failure, Shape, Urn};
use futures_core::Stream;

use super::pipe::{ItemReceiver, PipeEnd};
use super::wire_items::InboundStream;
use crate::error::AskError;
use crate::named::Named;

/// Stream of the items of a handler that answers with a stream,
/// `#[message] fn …(…) -> impl Stream<Item = T>`: the reply to its asker, in the actor's
/// process and in others alike.
///
/// Items come in order. The stream is polled beside the turns of its actor, as a
/// concurrent handler is, and is never far ahead of its reader: 32 items, or 64 from
/// another process. Then the stream waits until some are read, so a reader that is
/// slow, or does not read at all, costs that much and holds up no other.
///
/// An item is an `Err` if the stream cannot go on, and then it is the last:
/// the actor ended ([`Stopped`](AskError::Stopped)), the stream panicked, the
/// connection was lost. A stream that is over without one has given all its
/// items. A domain error is part of the items: `impl Stream<Item = Result<T, E>>`.
///
/// `stop()` handles the queued messages and then ends the streams that are under way:
/// one without an end would hold the stop up for ever. Reading the items keeps an
/// anonymous actor alive, as a reference does.
///
/// The timeout of the ask bounds the wait for the `Items`, and not for each item.
/// Dropping the `Items` ends the stream at once, wherever it runs.
///
/// A turn that reads items enters no wait, as the stream runs beside the turns of its
/// actor. So a stream that asks the actor whose turn reads it waits for that turn,
/// without the error that an ask in a circle gets. Such an actor reads with
/// [`Context::attach`](crate::node::Context::attach).
///
/// ```
/// use conclib::prelude::*;
/// use futures_util::stream;
///
/// #[actor]
/// struct Counter;
///
/// #[actor]
/// impl Counter {
///     #[message]
///     fn count(&mut self, to: u64) -> impl Stream<Item = u64> {
///         stream::iter(1..=to)
///     }
/// }
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let mut items = system.spawn(Counter)?.count(3).await?;
/// let mut sum = 0;
/// while let Some(item) = items.next().await {
///     sum += item?;
/// }
/// assert_eq!(sum, 6);
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping the items ends their stream"]
pub struct Items<T>(ItemsState<T>);

enum ItemsState<T> {
    Here {
        drain: ItemReceiver<T>,
        /// Reference that keeps an anonymous actor alive.
        who: Option<Box<dyn Named>>,
    },
    There {
        incoming: Box<InboundStream<T>>,
        who: Urn,
    },
    Over,
}

// No field is ever pinned.
impl<T> Unpin for Items<T> {}

impl<T> Items<T> {
    pub(crate) fn here(drain: ItemReceiver<T>, who: Box<dyn Named>) -> Self {
        Self(ItemsState::Here {
            drain,
            who: Some(who),
        })
    }

    pub(crate) fn there(incoming: InboundStream<T>, who: Urn) -> Self {
        Self(ItemsState::There {
            incoming: Box::new(incoming),
            who,
        })
    }

    /// Waits for the next item; `None` after the last.
    ///
    /// # Errors
    /// The stream cannot go on: see [`Items`]. No item comes after that.
    ///
    /// # Cancel safety
    /// Dropping the future loses no item.
    pub async fn next(&mut self) -> Option<Result<T, AskError>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, AskError>>> {
        Poll::Ready(match ready!(self.poll_raw(cx)) {
            Ok(item) => Some(Ok(item)),
            Err(end) => {
                let over = std::mem::replace(&mut self.0, ItemsState::Over);
                end.err()
                    .map(|failure| Err(AskError::new(over.urn(), failure)))
            }
        })
    }

    fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, PipeEnd>> {
        match &mut self.0 {
            ItemsState::Here { drain, .. } => drain.poll_item(cx),
            ItemsState::There { incoming, .. } => incoming.poll_item(cx),
            ItemsState::Over => Poll::Ready(Err(Ok(()))),
        }
    }

    /// Polls for the next item, with an error that does not name the actor: for a wire,
    /// whose other side knows the name.
    pub(crate) fn poll_unnamed(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, Failure>>> {
        Poll::Ready(match ready!(self.poll_raw(cx)) {
            Ok(item) => Some(Ok(item)),
            Err(end) => {
                self.0 = ItemsState::Over;
                end.err().map(Err)
            }
        })
    }
}

impl<T> ItemsState<T> {
    fn urn(&self) -> Urn {
        match self {
            Self::Here { who: Some(who), .. } => who.urn(),
            Self::There { who, .. } => who.clone(),
            Self::Here { who: None, .. } | Self::Over => Urn::anonymous(),
        }
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, AskError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

/// Creates items that are all there, for the fakes of a test.
///
/// ```
/// use conclib::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut items: Items<u64> = [7].into_iter().collect();
/// assert_eq!(items.next().await, Some(Ok(7)));
/// assert_eq!(items.next().await, None);
/// # }
/// ```
impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(ItemsState::Here {
            drain: ItemReceiver::full(items.into_iter().collect()),
            who: None,
        })
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

/// A stream has the shape of its items, and is no sequence of them.
impl<T: Shape> Shape for Items<T> {
    const OPEN: bool = T::OPEN;
    type At<D: Depth> = Kind<{ hash("stream") }, (D::Inside<T>,)>;
}
