//! One message for everyone that handles it.

use super::System;
use crate::current;
use crate::error::TellError;
use crate::events::DeadLetterCause;
use crate::message::Message;

/// What became of a [broadcast](System::broadcast): every one of
/// the [recipients](System::recipients) is in one of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Broadcast {
    /// Those that took it, as the overflow policy of each says.
    pub delivered: usize,
    /// Those whose mailbox was full: for each there is a dead letter.
    pub full: usize,
    /// Those that are stopping and take nothing more.
    pub stopped: usize,
}

impl System {
    /// Tells everyone that handles `M`, of whatever type, oldest first. It
    /// never waits, and an actor that broadcasts reaches itself too.
    ///
    /// Who does not get it harms nobody else: what a full mailbox refuses is
    /// a dead letter with the cause
    /// [`MailboxFull`](DeadLetterCause::MailboxFull).
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[message]
    /// #[derive(Clone)]
    /// struct Reload;
    ///
    /// #[actor]
    /// struct Worker;
    ///
    /// #[actor]
    /// impl Worker {
    ///     #[handler]
    ///     fn reload(&mut self, _: Reload) {}
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let workers = [system.spawn(Worker)?, system.spawn(Worker)?];
    ///     workers[0].stop().await;
    ///     assert_eq!(system.broadcast(Reload).delivered, 1);
    ///     Ok(())
    /// }
    /// ```
    pub fn broadcast<M: Message + Clone>(&self, message: M) -> Broadcast {
        let mut report = Broadcast::default();
        for recipient in self.recipients::<M>() {
            match recipient.ask(message.clone()).try_tell() {
                Ok(()) => report.delivered += 1,
                Err(TellError::Stopped { .. }) => report.stopped += 1,
                Err(TellError::Full { .. } | TellError::Failed { .. }) => {
                    report.full += 1;
                    let from = current::sender();
                    let cause = DeadLetterCause::MailboxFull;
                    self.0.lost(&recipient, M::NAME, from, cause);
                }
            }
        }
        report
    }
}
