//! The errors of asking, telling, spawning and looking up: one type for each.

mod ask;
mod failure;
mod set;
mod spawn;
mod tell;

pub use ask::{AskError, Delivery};
pub use failure::Failure;
pub use set::{PublishError, TopicError};
pub use spawn::{LookupError, SpawnError, StartError};
pub use tell::TellError;
