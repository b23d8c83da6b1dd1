//! Recipients that record the messages sent by them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use conclib_core::__private::{Cycle, Enter, Failure, Outbound};
use conclib_core::{Message, Named, Recipient, Target, TellError, Urn};

use super::journal::moment;

/// Record of the messages that were sent by a spied recipient. Made by [`spy`]; clones are the same
/// record.
#[derive(Clone)]
pub struct Spy<M>(Arc<Mutex<Vec<M>>>);

/// Returns a second recipient for the same actor, and a record of the messages that are sent by it.
/// An ask is forwarded with its asker, which gets the actor's own answer; a message that is refused
/// is not recorded.
///
/// ```
/// use conclib::prelude::*;
/// use conclib::testing;
///
/// #[message(reply = u64)]
/// #[derive(Clone, Debug, PartialEq)]
/// struct Double(u64);
///
/// #[actor]
/// struct Calculator;
///
/// #[actor]
/// impl Calculator {
///     #[handler]
///     fn double(&mut self, Double(n): Double) -> u64 { 2 * n }
/// }
///
/// # fn main() -> conclib::Result {
/// testing::run(async {
///     let system = testing::system();
///     let calculator = system.spawn(Calculator)?;
///     let (spied, spy) = testing::spy::<Double>(&calculator);
///     assert_eq!(spied.ask(Double(4)).await?, 8);
///     assert_eq!(spy.messages(), [Double(4)]);
///     Ok(())
/// })
/// # }
/// ```
pub fn spy<M: Message + Clone>(to: impl Into<Recipient<M>>) -> (Recipient<M>, Spy<M>) {
    let spy = Spy(Arc::default());
    let record = spy.clone();
    let recipient = spied(&to.into(), M::clone, move |_, message| record.add(message));
    (recipient, spy)
}

impl<M> Spy<M> {
    fn add(&self, message: M) {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(message);
    }

    /// Returns the messages so far, in order.
    pub fn messages(&self) -> Vec<M>
    where
        M: Clone,
    {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.clone()
    }
}

impl<M> fmt::Debug for Spy<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Spy")
            .field("messages", &messages.len())
            .finish_non_exhaustive()
    }
}

/// Wraps a recipient: `note` makes the entry of a message, `record` stores it once the message was
/// accepted, with the moment of its sending.
pub(super) fn spied<M: Message, N: 'static>(
    to: &Recipient<M>,
    note: impl Fn(&M) -> N + Send + Sync + 'static,
    record: impl Fn(u64, N) + Send + Sync + 'static,
) -> Recipient<M> {
    to.by_way_of(|to| Arc::new(Tap { to, note, record }))
}

/// Target that records messages and forwards them.
struct Tap<M: Message, F, G> {
    to: Arc<dyn Target<M>>,
    note: F,
    record: G,
}

impl<M: Message, F, G> Named for Tap<M, F, G>
where
    F: Send + Sync,
    G: Send + Sync,
{
    fn urn(&self) -> Urn {
        self.to.urn()
    }

    fn wait(&self, enter: Enter<'_>) -> Option<Result<(), Cycle>> {
        self.to.wait(enter)
    }
}

impl<M: Message, N, F, G> Target<M> for Tap<M, F, G>
where
    F: Fn(&M) -> N + Send + Sync,
    G: Fn(u64, N) + Send + Sync,
{
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        outbound: &mut Outbound<M>,
    ) -> Poll<Result<(), Failure>> {
        let note = outbound.message();
        let note = note.map(|message| (moment(), (self.note)(message)));
        let sent = ready!(self.to.poll_send(cx, outbound));
        if let (Ok(()), Some((at, note))) = (&sent, note) {
            (self.record)(at, note);
        }
        Poll::Ready(sent)
    }

    fn try_tell(&self, message: M, priority: u8) -> Result<(), TellError<M>> {
        let (at, note) = (moment(), (self.note)(&message));
        self.to.try_tell(message, priority)?;
        (self.record)(at, note);
        Ok(())
    }

    fn leave(&self, outbound: &mut Outbound<M>) {
        self.to.leave(outbound);
    }

    fn default_timeout(&self) -> Option<Duration> {
        self.to.default_timeout()
    }

    fn to_named(&self) -> Arc<dyn Named> {
        self.to.to_named()
    }
}
