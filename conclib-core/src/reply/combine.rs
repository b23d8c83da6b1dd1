//! Replies made of other replies: lazily, once, under one deadline.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use conclib_wire::Urn;

use super::group::ReplyGroup;
use super::pick::Reply;
use crate::error::AskError;

/// Parts that a combined [`Reply`] is made of. A drop gives up the replies in them.
pub(crate) trait Parts<T, E>: Send {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, AskError<E>>>;

    /// Returns the name of an actor that has not answered.
    fn urn(&self) -> Option<Urn>;
}

impl<T: Send + 'static, E: Send + 'static> Reply<T, E> {
    /// Maps the reply by `f`, which runs once, when the reply is picked up; never, if
    /// an error comes instead.
    pub fn map<U>(self, f: impl FnOnce(T) -> U + Send + 'static) -> Reply<U, E> {
        Reply::of(Map {
            reply: self,
            f: Some(f),
        })
    }

    /// Waits for both replies, or the first error. The requests are under way already,
    /// so neither waits for the other.
    pub fn zip<U: Send + 'static>(self, other: Reply<U, E>) -> Reply<(T, U), E> {
        Reply::of(Zip {
            left: Half::WaitingTurn(self),
            right: Half::WaitingTurn(other),
        })
    }

    /// Waits for all the replies, in the order in which they were given, or for the
    /// first error; then the other replies are given up.
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
    /// let squares = system.spawn(Squares)?;
    /// let mut replies = Vec::new();
    /// for n in 0..10 {
    ///     replies.push(squares.square(n).reply().await?);
    /// }
    /// let all = Reply::join_all(replies).timeout(Duration::from_secs(1));
    /// let odd = all.filter(|square| square % 2 == 1);
    /// assert_eq!(odd.reduce(0, |sum, square| sum + square).await?, 165);
    /// # Ok(())
    /// # }
    /// ```
    pub fn join_all(replies: impl IntoIterator<Item = Self>) -> Reply<Vec<T>, E> {
        let mut waiting = ReplyGroup::new();
        for reply in replies {
            waiting.push(reply);
        }
        let mut found = Vec::new();
        found.resize_with(waiting.len(), || None);
        Reply::of(JoinAll { waiting, found })
    }

    /// Keeps the items of the reply for which `f` returns true.
    pub fn filter(self, f: impl FnMut(&T::Item) -> bool + Send + 'static) -> Reply<Vec<T::Item>, E>
    where
        T: IntoIterator,
    {
        self.map(|items| items.into_iter().filter(f).collect())
    }

    /// Folds the items of the reply into one value, from `init` on.
    pub fn reduce<U: Send + 'static>(
        self,
        init: U,
        f: impl FnMut(U, T::Item) -> U + Send + 'static,
    ) -> Reply<U, E>
    where
        T: IntoIterator,
    {
        self.map(|items| items.into_iter().fold(init, f))
    }
}

struct Map<T, E, F> {
    reply: Reply<T, E>,
    /// Function of the map, taken out by its one run.
    f: Option<F>,
}

impl<T: Send, U, E: Send, F: FnOnce(T) -> U + Send> Parts<U, E> for Map<T, E, F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<U, AskError<E>>> {
        let answer = ready!(Pin::new(&mut self.reply).poll(cx));
        let Some(f) = self.f.take() else {
            return Poll::Pending;
        };
        Poll::Ready(answer.map(f))
    }

    fn urn(&self) -> Option<Urn> {
        self.reply.urn()
    }
}

struct Zip<T, U, E> {
    left: Half<T, E>,
    right: Half<U, E>,
}

enum Half<T, E> {
    WaitingTurn(Reply<T, E>),
    Here(Option<T>),
}

impl<T, E> Half<T, E> {
    /// Polls the reply. Returns true once it is here.
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<bool, AskError<E>> {
        if let Self::WaitingTurn(reply) = self {
            match Pin::new(reply).poll(cx) {
                Poll::Pending => return Ok(false),
                Poll::Ready(answer) => *self = Self::Here(Some(answer?)),
            }
        }
        Ok(true)
    }

    fn take(&mut self) -> Option<T> {
        match self {
            Self::WaitingTurn(_) => None,
            Self::Here(reply) => reply.take(),
        }
    }

    fn urn(&self) -> Option<Urn> {
        match self {
            Self::WaitingTurn(reply) => reply.urn(),
            Self::Here(_) => None,
        }
    }
}

impl<T: Send, U: Send, E: Send> Parts<(T, U), E> for Zip<T, U, E> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(T, U), AskError<E>>> {
        let left = self.left.poll(cx)?;
        let right = self.right.poll(cx)?;
        if !(left && right) {
            return Poll::Pending;
        }
        match (self.left.take(), self.right.take()) {
            (Some(left), Some(right)) => Poll::Ready(Ok((left, right))),
            _ => Poll::Pending,
        }
    }

    fn urn(&self) -> Option<Urn> {
        self.left.urn().or_else(|| self.right.urn())
    }
}

struct JoinAll<T, E> {
    waiting: ReplyGroup<T, E>,
    found: Vec<Option<T>>,
}

impl<T: Send, E: Send> Parts<Vec<T>, E> for JoinAll<T, E> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<T>, AskError<E>>> {
        while let Some((at, answer)) = ready!(self.waiting.poll_next(cx)) {
            self.found[at] = Some(answer?);
        }
        Poll::Ready(Ok(self.found.drain(..).flatten().collect()))
    }

    fn urn(&self) -> Option<Urn> {
        self.waiting.urn()
    }
}
