//! Connection to a Redis server: the one module that knows the client library.

mod answer;
mod commands;
mod connection;
mod events;
mod settings;
mod tls;

pub(crate) use self::answer::{Answer, Fields};
pub(crate) use self::commands::Script;
pub(crate) use self::connection::Redis;
pub(crate) use self::events::{Event, Events};
