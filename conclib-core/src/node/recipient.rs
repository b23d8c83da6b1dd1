//! Address of an actor that is typed by one message, and not by the actor.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use conclib_wire::{Cycle, Failure, Urn};

use super::actor::{Actor, Handler};
use super::any_actor::AnyActor;
use super::cell::ActorCell;
use super::foreign::ForeignCell;
use super::reference::ActorRef;
use super::send::Uncounted;
use crate::call::{Call, Outbound, Target, Telling};
use crate::error::TellError;
use crate::message::Message;
use crate::named::{Enter, Named};
use crate::remote::Remote;

/// Address of an actor that is typed by one message, and not by the actor, as for a
/// list of subscribers of several types. A `Recipient` keeps its actor alive, as an
/// [`ActorRef`] does.
pub struct Recipient<M: Message>(Way<M>);

/// Address like a [`Recipient`] that does not keep its actor alive:
/// [`Recipient::downgrade`].
pub struct WeakRecipient<M: Message>(Way<M>);

struct Way<M: Message> {
    to: Arc<dyn Target<M>>,
    /// Local actor whose strong references are counted; `None` if the actor is in
    /// another process.
    home: Option<Arc<dyn AnyActor>>,
    /// Actor in another process, with the share that keeps it alive.
    far: Option<Arc<Remote>>,
}

impl<M: Message> Way<M> {
    /// Returns the actor itself, or the target of an actor in another process; the error
    /// is the name of a target without an address.
    fn located(&self) -> Result<Arc<dyn AnyActor>, Result<Arc<Remote>, Urn>> {
        match (&self.home, &self.far) {
            (Some(home), _) => Ok(home.clone()),
            (None, Some(far)) => Err(Ok(far.clone())),
            (None, None) => Err(Err(self.to.urn())),
        }
    }
}

impl<M: Message> Recipient<M> {
    pub(crate) fn new(target: impl Target<M> + 'static) -> Self {
        Self(Way {
            to: Arc::new(target),
            home: None,
            far: None,
        })
    }

    /// Makes the address of an actor in another process. The target is not what keeps
    /// the actor alive.
    pub(crate) fn away(far: Arc<Remote>) -> Self {
        Self(Way {
            to: Arc::new(far.without_lease()),
            home: None,
            far: Some(far),
        })
    }

    /// Makes the address of an actor that another crate runs.
    pub(crate) fn foreign(cell: Arc<ForeignCell>) -> Self {
        cell.acquire();
        Self(Way {
            to: cell.remote.clone(),
            home: Some(cell),
            far: None,
        })
    }

    pub(crate) fn located(&self) -> Result<Arc<dyn AnyActor>, Result<Arc<Remote>, Urn>> {
        self.0.located()
    }

    pub(crate) fn local<A: Handler<M>>(cell: Arc<ActorCell<A>>) -> Self {
        cell.acquire();
        Self(Way {
            to: Arc::new(Uncounted(cell.clone())),
            home: Some(cell),
            far: None,
        })
    }

    /// Creates a call of `message`; see [`Call`].
    pub fn ask(&self, message: M) -> Call<&Self, M> {
        Call::new(self, message)
    }

    /// Sends `message` and forgets the answer: the same as `.ask(message).tell()`, see
    /// [`Call::tell`].
    pub fn tell(&self, message: M) -> Telling<&Self, M> {
        Call::new(self, message).tell()
    }

    /// Returns the name of the actor.
    pub fn urn(&self) -> Urn {
        self.0.to.urn()
    }

    /// Returns the same address in a form that does not keep the actor alive.
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
        let mut way = self.0.clone();
        way.far = way.far.map(|far| Arc::new(far.weak()));
        WeakRecipient(way)
    }

    /// Returns the same address, with its target replaced by what `way` makes of that.
    #[doc(hidden)]
    #[must_use]
    pub fn by_way_of(&self, way: impl FnOnce(Arc<dyn Target<M>>) -> Arc<dyn Target<M>>) -> Self {
        let mut other = self.clone();
        other.0.to = way(self.0.to.clone());
        other
    }

    /// Returns the target, and the actor itself if it is in this process. Neither keeps
    /// the actor alive.
    pub(crate) fn way(&self) -> (Arc<dyn Target<M>>, Option<Arc<dyn AnyActor>>) {
        let Way { to, home, .. } = self.0.clone();
        (to, home)
    }
}

impl<M: Message> WeakRecipient<M> {
    pub(crate) fn located(&self) -> Result<Arc<dyn AnyActor>, Result<Arc<Remote>, Urn>> {
        self.0.located()
    }

    /// Returns the address that keeps its actor alive. `None` once the actor has ended,
    /// and for an anonymous actor that has no reference: such an actor is ending,
    /// unless one of its own turns makes another reference.
    pub fn upgrade(&self) -> Option<Recipient<M>> {
        let home = self.0.home.as_ref();
        home.is_none_or(|home| home.try_acquire())
            .then(|| Recipient(self.0.clone()))
    }

    /// Returns the name of the actor.
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
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        self.0.to.poll_send(cx, outbound)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.0.to.try_tell(message, priority)
    }

    fn try_tell_durable(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        self.0.to.try_tell_durable(message, priority)
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        self.0.to.leave(outbound);
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
            far: self.far.clone(),
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

impl<A: Actor> ActorRef<A> {
    /// Returns an address that is typed by the message `M`, and not by the actor.
    pub fn recipient<M: Message>(&self) -> Recipient<M>
    where
        A: Handler<M>,
    {
        if let Some(cell) = self.as_foreign() {
            return Recipient::foreign(cell.clone());
        }
        match self.located() {
            Ok(cell) => Recipient::local(cell.clone()),
            Err(remote) => {
                let target = Self::away(Arc::new(remote.without_lease()));
                let mut recipient = Recipient::new(target);
                recipient.0.far = Some(remote.clone());
                recipient
            }
        }
    }
}
