//! List of values.

use std::pin::Pin;
use std::task::{Context, Poll};

use conclib_core::Stream;
use conclib_macros::actor;

use crate::element::Element;

/// List that its holders share.
///
/// An index that is out of range is `None`, and a range ends with the list.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let list = system.spawn(List::from(vec![1, 2]))?;
/// list.push(3).await?;
/// list.extend(vec![4, 5]).await?;
/// assert_eq!(list.get(2).await?, Some(3));
/// assert_eq!(list.slice(3, 9).await?, [4, 5]);
/// assert_eq!(list.remove(0).await?, Some(1));
/// let mut items = list.items().await?;
/// assert_eq!(items.next().await.transpose()?, Some(2));
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
#[derive(Debug, Clone, Default)]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::new())
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

#[actor(crate = conclib_core)]
impl<T: Element> List<T> {
    /// Adds an item at the end.
    #[message]
    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    /// Adds items at the end.
    #[message]
    fn extend(&mut self, items: Vec<T>) {
        self.0.extend(items);
    }

    /// Adds an item before the one at that index, or at the end.
    #[message]
    fn insert(&mut self, index: usize, item: T) {
        let index = index.min(self.0.len());
        self.0.insert(index, item);
    }

    /// Returns the item at that index.
    #[message]
    fn get(&mut self, index: usize) -> Option<T> {
        self.0.get(index).cloned()
    }

    /// Replaces the item at that index, and returns the former one.
    #[message]
    fn set(&mut self, index: usize, item: T) -> Option<T> {
        let slot = self.0.get_mut(index)?;
        Some(std::mem::replace(slot, item))
    }

    /// Removes the item at that index.
    #[message]
    fn remove(&mut self, index: usize) -> Option<T> {
        (index < self.0.len()).then(|| self.0.remove(index))
    }

    /// Removes the last item.
    #[message]
    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    /// Returns the items from one index up to another, which is not among them.
    #[message]
    fn slice(&mut self, from: usize, to: usize) -> Vec<T> {
        let to = to.min(self.0.len());
        self.0.get(from..to).unwrap_or_default().to_vec()
    }

    /// Returns the number of items.
    #[message]
    fn len(&mut self) -> usize {
        self.0.len()
    }

    /// Removes all items.
    #[message]
    fn clear(&mut self) {
        self.0.clear();
    }

    /// Sends all items one by one, as they are now.
    #[message]
    fn items(&mut self) -> impl Stream<Item = T> {
        ItemStream(self.0.clone().into_iter())
    }
}

/// Items that are there already, as a stream.
struct ItemStream<T>(std::vec::IntoIter<T>);

impl<T> Unpin for ItemStream<T> {}

impl<T> Stream for ItemStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.next())
    }
}
