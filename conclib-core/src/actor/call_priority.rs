//! Priority of a call.

use crate::call::Call;
use crate::message::Message;
use crate::node::{Actor, ActorRef, Prioritised};

impl<A: Actor, M: Message> Call<&ActorRef<A>, M> {
    /// Sets the urgency of this call: lower is sooner, and 255 is last. This value
    /// replaces the `priority` of the message. Among messages of one priority the first
    /// in is the first out, and no message waits for ever: after 64 turns that overtook
    /// the oldest, the oldest has its turn.
    ///
    /// The actor has `#[actor(priority)]` above its struct. A priority orders the
    /// messages in the mailbox, not the senders that wait before a full one, which get
    /// a place in the order they came. The priority travels with the message to an
    /// actor in another process.
    ///
    /// ```
    /// use conclib::prelude::*;
    ///
    /// #[actor(priority)]
    /// struct Printer { printed: Vec<String> }
    ///
    /// #[actor]
    /// impl Printer {
    ///     #[message]
    ///     fn print(&mut self, page: String) { self.printed.push(page); }
    ///
    ///     #[message]
    ///     fn printed(&mut self) -> Vec<String> { self.printed.clone() }
    /// }
    ///
    /// #[conclib::main]
    /// async fn main() -> conclib::Result {
    ///     let system = System::new("docs");
    ///     let printer = system.spawn(Printer { printed: Vec::new() })?;
    ///     printer.print("novel".into()).priority(1).tell().await?;
    ///     printer.print("note".into()).priority(0).tell().await?;
    ///     assert_eq!(printer.printed().await?.len(), 2);
    ///     Ok(())
    /// }
    /// ```
    pub const fn priority(mut self, priority: u8) -> Self
    where
        A: Prioritised,
    {
        self.priority = priority;
        self
    }
}

impl<A: Actor, M: Message> Call<ActorRef<A>, M> {
    /// Sets the urgency, as of a call that borrows its reference.
    pub fn priority(mut self, priority: u8) -> Self
    where
        A: Prioritised,
    {
        self.priority = priority;
        self
    }
}
