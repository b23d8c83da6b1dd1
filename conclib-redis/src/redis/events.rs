//! Events of a connection.

use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::prelude::Error;
use fred::types::config::Server as Node;
use fred::types::{Message, Value};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::connection::reason;

/// Event of a connection, in order.
#[derive(Debug)]
pub(crate) enum Event {
    /// Message on a channel.
    Message { channel: Channel, payload: Bytes },
    /// That many messages were lost, as they were not read in time.
    Lost(u64),
    /// The connection was lost, or a try to connect again failed.
    Down(Box<str>),
    /// The connection was made again. Subscriptions are gone.
    Up,
}

/// Name of a channel.
pub(crate) type Channel = Str;

/// Events of a connection.
pub(crate) struct Events {
    pub(super) messages: Receiver<Message>,
    pub(super) errors: Receiver<(Error, Option<Node>)>,
    pub(super) connects: Receiver<Node>,
}

impl Events {
    /// Waits for the next event. `None` once the connection has ended.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            // Messages come before the loss of their connection.
            if let Some(event) = self.try_message() {
                return Some(event);
            }
            return Some(tokio::select! {
                biased;
                message = self.messages.recv() => match message {
                    Ok(message) => match event(message) {
                        Some(event) => event,
                        None => continue,
                    },
                    Err(RecvError::Lagged(lost)) => Event::Lost(lost),
                    Err(RecvError::Closed) => return None,
                },
                error = self.errors.recv() => match error {
                    Ok((error, _)) => Event::Down(reason(&error)),
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return None,
                },
                connect = self.connects.recv() => match connect {
                    Ok(_) | Err(RecvError::Lagged(_)) => Event::Up,
                    Err(RecvError::Closed) => return None,
                },
            });
        }
    }

    /// Returns the next message, or the loss of messages, if it has come already.
    pub(crate) fn try_message(&mut self) -> Option<Event> {
        loop {
            match self.messages.try_recv() {
                Ok(message) => match event(message) {
                    Some(event) => return Some(event),
                    None => continue,
                },
                Err(TryRecvError::Lagged(lost)) => return Some(Event::Lost(lost)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}

/// Returns the event of a message; `None` if it carries no bytes.
fn event(Message { channel, value, .. }: Message) -> Option<Event> {
    let payload = match value {
        Value::Bytes(payload) => payload,
        Value::String(text) => text.into_inner(),
        _ => return None,
    };
    Some(Event::Message { channel, payload })
}
