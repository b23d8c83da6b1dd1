//! Broadcast of a message to all actors that handle it.

use super::System;
use crate::error::TellError;
use crate::events::DeadLetterCause;
use crate::message::Message;
use crate::turn_scope;

/// Report of a [broadcast](System::broadcast): each of the [recipients](System::recipients) is in
/// one of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Broadcast {
    /// Recipients that accepted the message, by the overflow policy of each.
    pub delivered: usize,
    /// Recipients whose mailbox was full: there is a dead letter for each.
    pub full: usize,
    /// Recipients that are stopping and take no more messages.
    pub stopped: usize,
}

impl System {
    /// Sends a message to all actors that handle `M`, of any type, oldest first. Never waits. An
    /// actor that broadcasts a message it handles gets it too.
    ///
    /// A recipient that does not get the message does not keep it from the others: a message that a
    /// full mailbox refuses becomes a dead letter with the cause
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
                    let from = turn_scope::sender();
                    let cause = DeadLetterCause::MailboxFull;
                    self.0.lost(&recipient, M::NAME, from, cause);
                }
            }
        }
        report
    }
}
