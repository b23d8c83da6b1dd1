//! Asking of Python actors: requests to their channel, and replies from a channel for each.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use conclib_core::Delivery;
use conclib_core::wire::{
    Answered, Answerer, Envelope, Failure, RequestId, ResponseKind, SendRefused,
};
use conclib_net::RequestIds;
use tokio::sync::mpsc;

use super::count_dropped;
use super::envelope::{Contents, ERROR, FAILURE, Request, Response, contents};
use super::pending::{PendingRequests, response};
use crate::channels::Channels;

/// Requests that are to be published, in their order.
pub(super) type Outgoing = mpsc::UnboundedReceiver<(RequestId, Bytes)>;

/// Asker of Python actors.
pub(super) struct Asking {
    /// First part of the ids of all requests of this process.
    client: Box<str>,
    /// First part of the channels of their replies.
    channels: Box<str>,
    pub(super) ids: RequestIds,
    pub(super) pending: PendingRequests,
    outgoing: mpsc::UnboundedSender<(RequestId, Bytes)>,
    garbage: AtomicU64,
}

impl Asking {
    /// Makes an asker. Nobody guesses the name of its `client`.
    pub(super) fn new(
        client: String,
        channels: &Channels,
    ) -> std::io::Result<(Arc<Self>, Outgoing)> {
        let (outgoing, receiver) = mpsc::unbounded_channel();
        let asking = Self {
            channels: channels.reply(&client).into(),
            client: client.into(),
            ids: RequestIds::new()?,
            pending: PendingRequests::new(),
            outgoing,
            garbage: AtomicU64::new(0),
        };
        Ok((Arc::new(asking), receiver))
    }

    /// Queues a request.
    pub(super) fn send(
        &self,
        envelope: &Envelope<'_>,
        answerer: Answerer,
    ) -> Result<(), (SendRefused, Answerer)> {
        let unsupported = |why: &str| Failure::Unsupported(why.into(), Delivery::NotDelivered);
        if envelope.is_control() {
            answerer.answer(Err(unsupported("Python's conclib only knows messages")));
            return Ok(());
        }
        let contents = match contents(envelope.body) {
            Ok(Contents::Object(object)) => object,
            Ok(Contents::Value(_)) => {
                let why = "a message to a Python actor is a struct with named fields, \
                    as a pydantic model is";
                answerer.answer(Err(unsupported(why)));
                return Ok(());
            }
            Err(error) => return Err((SendRefused::Codec(error), answerer)),
        };
        let request = Request {
            message_id: format!("{}{}", self.client, envelope.id.simple()).into(),
            message_type: envelope.message.into(),
            actor_urn: envelope.to.into(),
            contents: &contents,
        };
        let payload = match request.write() {
            Ok(payload) => payload.into(),
            Err(error) => return Err((SendRefused::Codec(error), answerer)),
        };
        self.pending.enter(envelope, answerer, || {
            // The task of the client has ended: the deadline answers.
            let _ = self.outgoing.send((envelope.id, payload));
        })
    }

    /// Passes on what came on a channel of replies.
    pub(super) fn receive(&self, channel: &str, payload: &[u8]) {
        let id = channel.strip_prefix(&*self.channels);
        let Some(id) = id.and_then(|id| RequestId::try_parse(id).ok()) else {
            return count_dropped(&self.garbage, "a reply", &"it is for no request");
        };
        let read = match Response::read(payload) {
            Ok(read) => read,
            Err(error) => {
                let failure = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
                return self.pending.answer(id, Err(failure));
            }
        };
        if channel.strip_suffix(&*read.message_id).is_none() {
            return count_dropped(
                &self.garbage,
                "a reply",
                &"its id is not that of its channel",
            );
        }
        let (kind, body) = match (&*read.message_type, &read.failure, &read.error) {
            (FAILURE, Some(failure), _) => (ResponseKind::Failure, failure),
            (ERROR, _, Some(error)) => (ResponseKind::Error, error),
            _ => (ResponseKind::Reply, &read.contents),
        };
        let response = response(id, kind, body.get().as_bytes());
        self.pending.answer(id, Ok(Answered::from(response)));
    }
}
