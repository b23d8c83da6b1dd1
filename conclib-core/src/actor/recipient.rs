//! An address that only remembers one message type.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::cell::Cell;
use super::send::Uncounted;
use super::{ActorRef, Handler, Resident};
use crate::call::{Call, Sending, Target};
use crate::deadline::Deadline;
use crate::error::{Failure, TellError};
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::urn::Urn;
use crate::waits::Cycle;

/// An address that only remembers one message type: for a list of whoever
/// wants to hear of something. It keeps its actor alive, as an
/// [`ActorRef`] does.
pub struct Recipient<M: Message>(Way<M>);

/// The same address that keeps nobody alive: [`Recipient::downgrade`].
pub struct WeakRecipient<M: Message>(Way<M>);

struct Way<M: Message> {
    to: Arc<dyn Target<M>>,
    /// Whose strong references are counted; nobody's in another process.
    home: Option<Arc<dyn Resident>>,
}

impl<M: Message> Recipient<M> {
    pub(crate) fn new(target: impl Target<M> + 'static) -> Self {
        Self(Way {
            to: Arc::new(target),
            home: None,
        })
    }

    pub(crate) fn local<A: Handler<M>>(cell: Arc<Cell<A>>) -> Self {
        cell.acquire();
        Self::acquired(cell)
    }

    /// Takes over one strong count of the cell.
    pub(super) fn acquired<A: Handler<M>>(cell: Arc<Cell<A>>) -> Self {
        Self(Way {
            to: Arc::new(Uncounted(cell.clone())),
            home: Some(cell),
        })
    }

    /// A call of `message`; see [`Call`].
    pub fn ask(&self, message: M) -> Call<&Self, M> {
        Call::new(self, message)
    }

    /// The name of whom it leads to.
    pub fn urn(&self) -> Urn {
        self.0.to.urn()
    }

    /// The same address, keeping nobody alive.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message]
    /// struct News(String);
    ///
    /// #[actor]
    /// struct Reader;
    ///
    /// #[actor]
    /// impl Reader {
    ///     #[handler]
    ///     fn news(&mut self, _: News) {}
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let reader: Recipient<News> = system.spawn(Reader)?.recipient();
    ///     let weak = reader.downgrade();
    ///     assert!(weak.upgrade().is_some());
    ///     drop(reader);
    ///     assert!(weak.upgrade().is_none());
    ///     Ok(())
    /// }
    /// ```
    pub fn downgrade(&self) -> WeakRecipient<M> {
        WeakRecipient(self.0.clone())
    }

    /// The same address, by another way there.
    #[cfg(feature = "testing")]
    pub(crate) fn by_way_of(
        &self,
        way: impl FnOnce(Arc<dyn Target<M>>) -> Arc<dyn Target<M>>,
    ) -> Self {
        let mut other = self.clone();
        other.0.to = way(self.0.to.clone());
        other
    }

    /// The way there, and who lives at its end if that is here. Neither keeps
    /// the actor alive.
    pub(crate) fn way(&self) -> (Arc<dyn Target<M>>, Option<Arc<dyn Resident>>) {
        let Way { to, home } = self.0.clone();
        (to, home)
    }
}

impl<M: Message> WeakRecipient<M> {
    /// The address that keeps its actor alive. `None` once the actor has ended,
    /// and for an anonymous one while it has no reference: then it is ending,
    /// unless one of its own turns makes another.
    pub fn upgrade(&self) -> Option<Recipient<M>> {
        let home = self.0.home.as_ref();
        home.is_none_or(|home| home.try_acquire())
            .then(|| Recipient(self.0.clone()))
    }

    /// The name of whom it leads to.
    pub fn urn(&self) -> Urn {
        self.0.to.urn()
    }
}

impl<M: Message> Named for Recipient<M> {
    fn urn(&self) -> Urn {
        self.0.to.urn()
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        self.0.to.wait(enter)
    }
}

impl<M: Message> Target<M> for Recipient<M> {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        sending: &mut Sending<M>,
        deadline: &Deadline,
    ) -> Poll<Result<(), Failure>> {
        self.0.to.poll_send(cx, sending, deadline)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.0.to.try_tell(message, priority)
    }

    fn leave(&self, sending: &mut Sending<M>) {
        self.0.to.leave(sending);
    }

    fn default_timeout(&self) -> Option<Duration> {
        self.0.to.default_timeout()
    }

    fn to_named(&self) -> Arc<dyn Named> {
        self.0.to.to_named()
    }
}

impl<M: Message> Clone for Way<M> {
    fn clone(&self) -> Self {
        Self {
            to: self.to.clone(),
            home: self.home.clone(),
        }
    }
}

impl<M: Message> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        if let Some(home) = &self.0.home {
            home.acquire();
        }
        Self(self.0.clone())
    }
}

impl<M: Message> Drop for Recipient<M> {
    fn drop(&mut self) {
        if let Some(home) = &self.0.home {
            home.release();
        }
    }
}

impl<M: Message> Clone for WeakRecipient<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Message, A: Handler<M>> From<&ActorRef<A>> for Recipient<M> {
    fn from(actor: &ActorRef<A>) -> Self {
        actor.recipient()
    }
}

impl<M: Message> From<&Self> for Recipient<M> {
    fn from(recipient: &Self) -> Self {
        recipient.clone()
    }
}

impl<M: Message> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient<{}>({})", M::NAME, self.urn())
    }
}

impl<M: Message> fmt::Debug for WeakRecipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakRecipient<{}>({})", M::NAME, self.urn())
    }
}
