//! Messages that are delivered at least once: they wait in the server until they were handled.
//!
//! Each name has a mailbox in the server. A [sender](sender) stores messages in it, in batches and
//! in order; the system that has the name [owns](owner) the mailbox for a time, reads the messages
//! one after the other, and removes each once its turn is over. Messages whose owner died come again
//! to the next one, with a higher attempt.

mod answers;
mod boxes;
mod clock;
mod closing;
mod commands;
mod commit;
mod dead;
mod delivery;
mod end;
mod entry;
mod flow;
mod handled;
mod host;
mod known;
mod order;
mod owned;
mod owner;
mod scripts;
mod sender;
mod sending;
mod serving;
mod state;
mod store;
mod stored;
mod take;
mod turn;

pub(crate) use self::boxes::run;
pub use self::dead::{DeadLetter, DeadLetters};
pub(crate) use self::sender::Sender;
