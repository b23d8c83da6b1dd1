//! Iterator that stays where it is.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use conclib_core::{Context, Deferred};
use conclib_macros::actor;

use crate::element::Element;

/// Iterator whose items are taken by its holders, each item by one of them.
///
/// To send all items to one reader, let a message return a stream.
///
/// ```
/// use conclib::held::*;
/// use conclib::prelude::*;
///
/// # #[conclib::main]
/// # async fn main() -> conclib::Result {
/// # let system = System::new("docs");
/// let squares = system.spawn(Iter::new((1..).map(|n: u64| n * n)))?;
/// assert_eq!(squares.next().await?, Some(1));
/// assert_eq!(squares.take(3).await?, [4, 9, 16]);
/// # Ok(())
/// # }
/// ```
#[actor(crate = conclib_core)]
pub struct Iter<T>(Arc<Mutex<Items<T>>>);

struct Items<T> {
    /// Items whose asker left without them, oldest first.
    back: VecDeque<T>,
    rest: Box<dyn Iterator<Item = T> + Send>,
}

impl<T> Iterator for Items<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.back.pop_front().or_else(|| self.rest.next())
    }
}

impl<T> Iter<T> {
    /// Creates the object from an iterator, which runs in the turns of the object.
    pub fn new(items: impl IntoIterator<Item = T, IntoIter: Send + 'static>) -> Self {
        Self(Arc::new(Mutex::new(Items {
            back: VecDeque::new(),
            rest: Box::new(items.into_iter()),
        })))
    }
}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

fn lock<T>(items: &Mutex<Items<T>>) -> MutexGuard<'_, Items<T>> {
    items.lock().unwrap_or_else(PoisonError::into_inner)
}

#[actor(crate = conclib_core)]
impl<T: Element> Iter<T> {
    /// Takes the next item, if there is one.
    #[message]
    fn next(&mut self, ctx: &mut Context<Self>) -> Deferred<Option<T>> {
        let item = lock(&self.0).next();
        let items = self.0.clone();
        let (reply, deferred) = ctx.defer();
        reply.send_or(item, move |item| {
            lock(&items).back.extend(item);
        });
        deferred
    }

    /// Takes up to so many items; fewer at the end.
    #[message]
    fn take(&mut self, count: usize, ctx: &mut Context<Self>) -> Deferred<Vec<T>> {
        let taken: Vec<T> = lock(&self.0).by_ref().take(count).collect();
        let items = self.0.clone();
        let (reply, deferred) = ctx.defer();
        reply.send_or(taken, move |taken| {
            lock(&items).back.extend(taken);
        });
        deferred
    }
}
