//! The errors of asking, telling, spawning and looking up: one type for each.

mod any;
mod ask;
mod ask_wire;
mod handler;
mod message;
mod outage;
mod set;
mod spawn;
mod tell;

pub use any::Error;
pub use ask::AskError;
pub use handler::HandlerError;
pub use message::MessageError;
pub use outage::Outage;
pub use set::{PublishError, TopicError};
pub use spawn::{LookupError, SpawnError, StartError};
pub use tell::TellError;
