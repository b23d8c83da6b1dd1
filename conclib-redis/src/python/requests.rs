//! Requests of Python clients, under way in a system.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conclib_core::wire::{
    Cancellation, Codec, CodecError, DEFAULT_TIMEOUT, DeliveryClass, Envelope, Failure, Inlet,
    Origin, Outcome, ReplySink, RequestId, Wants, type_name,
};
use conclib_core::{Delivery, Urn};
use tokio::time::Instant;

use super::count_dropped;
use super::envelope::{Request, Response, SUBSCRIBED};
use super::replies::{Replies, Reply};
use crate::channels::Channels;

/// Maximum number of requests under way.
const MAX_REQUESTS: usize = 4096;

/// Time in which the last word about a request is published at least.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Requests under way, and the sink of their answers.
pub(super) struct Requests {
    inlet: Inlet,
    channels: Channels,
    origin: Arc<Origin>,
    is_refusing: AtomicBool,
    /// Requests by their number, and so by their deadline.
    under_way: Mutex<BTreeMap<RequestId, UnderWay>>,
    last: AtomicU64,
    garbage: AtomicU64,
    pub(super) replies: Replies,
}

struct UnderWay {
    message_id: Box<str>,
    /// Description of the request, for the text of a failure.
    about: Box<str>,
    until: Instant,
    cancellation: Cancellation,
    /// Type of the reply.
    reply: &'static str,
}

impl Requests {
    pub(super) fn new(inlet: Inlet, channels: &Channels) -> Self {
        let origin = Origin::Peer(format!("python client on {}", channels.inbound).into());
        Self {
            inlet,
            channels: channels.clone(),
            origin: origin.into(),
            is_refusing: AtomicBool::new(false),
            under_way: Mutex::new(BTreeMap::new()),
            last: AtomicU64::new(0),
            garbage: AtomicU64::new(0),
            replies: Replies::default(),
        }
    }

    /// Refuses new requests.
    pub(super) fn refuse_new(&self) {
        self.is_refusing.store(true, Ordering::Relaxed);
    }

    /// Delivers a request.
    pub(super) fn receive(self: &Arc<Self>, payload: &[u8]) {
        let request = match Request::read(payload) {
            Ok(request) => request,
            Err(error) => {
                return count_dropped(&self.garbage, "what is no request", &error);
            }
        };
        let until = Instant::now() + DEFAULT_TIMEOUT;
        let cancellation = Cancellation::new(Codec::Json, until);
        let id = self.enter(&request, until, cancellation.clone());
        let envelope = Envelope {
            id,
            to: &request.actor_urn,
            message: &request.message_type,
            timeout: DEFAULT_TIMEOUT,
            trace: "",
            codec: Codec::Json,
            fingerprint: 0,
            wants: Wants::Reply,
            class: DeliveryClass::AtMostOnce,
            attempt: 1,
            priority: None,
            chain: &[],
            body: request.contents.get().as_bytes(),
        };
        match self.refusal(&envelope) {
            Some(failure) => self.respond(id, Codec::Json, Outcome::Failure(failure)),
            None => {
                let (sink, origin) = (self.clone(), self.origin.clone());
                self.inlet
                    .deliver_with(&envelope, sink, origin, cancellation);
            }
        }
    }

    fn enter(
        &self,
        request: &Request<'_>,
        until: Instant,
        cancellation: Cancellation,
    ) -> RequestId {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let id = RequestId::from_u128(number.into());
        let about = Urn::new(&*request.actor_urn);
        let about = about.map(|urn| format!("`{:.99}` to `{urn}`", request.message_type));
        let under_way = UnderWay {
            message_id: (*request.message_id).into(),
            about: about.unwrap_or_default().into(),
            until,
            cancellation,
            reply: "Reply",
        };
        self.lock().insert(id, under_way);
        id
    }

    /// Returns the reason to refuse a request before it is delivered. Only the messages of named
    /// actors can be reached.
    fn refusal(&self, envelope: &Envelope<'_>) -> Option<Failure> {
        let refused = match self.is_refusing.load(Ordering::Relaxed) {
            true => Some(Failure::Stopped(Delivery::NotDelivered)),
            false => (self.lock().len() > MAX_REQUESTS).then_some(Failure::MailboxFull),
        };
        if let Some(refused) = refused {
            // An actor that is not here may be that of another proxy on the channel.
            let is_here = self.inlet.find(envelope.to).is_some();
            return Some(if is_here {
                refused
            } else {
                Failure::NoSuchActor
            });
        }
        if envelope.is_control() {
            return Some(Failure::NoSuchMessage(envelope.message.into()));
        }
        match Urn::new(envelope.to) {
            Ok(urn) if urn.is_anonymous() => Some(Failure::NoSuchActor),
            Ok(_) => None,
            Err(error) => Some(Failure::Urn(Box::new(error))),
        }
    }

    /// Returns the time of the next deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let under_way = self.lock();
        under_way
            .first_key_value()
            .map(|(_, request)| request.until)
    }

    /// Ends the requests whose deadline has passed.
    pub(super) fn end_late(&self) {
        let now = Instant::now();
        loop {
            let late = {
                let mut under_way = self.lock();
                match under_way.first_entry() {
                    Some(first) if first.get().until <= now => first.remove(),
                    _ => return,
                }
            };
            late.cancellation.cancel();
            self.answer(&late, Outcome::Failure(Failure::Cancelled));
        }
    }

    /// Ends all requests: their answers could not be sent any more.
    pub(super) fn end_all(&self) {
        let left = std::mem::take(&mut *self.lock());
        for request in left.into_values() {
            request.cancellation.cancel();
            let failure = Failure::Disconnected(Delivery::MayHaveRun);
            self.answer(&request, Outcome::Failure(failure));
        }
    }

    /// Queues the answer to a request.
    fn answer(&self, request: &UnderWay, outcome: Outcome) {
        let only_if_alone = matches!(outcome, Outcome::Failure(Failure::NoSuchActor));
        let payload = response(request, outcome).or_else(|error| {
            let failure = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
            failed(request, &failure)
        });
        match payload {
            Ok(payload) => self.replies.add(Reply {
                channel: self.channels.reply(&request.message_id),
                payload: payload.into(),
                is_subscribed: request.message_id.starts_with(SUBSCRIBED),
                until: request.until.max(Instant::now() + LAST_WORD),
                only_if_alone,
            }),
            Err(error) => count_dropped(&self.garbage, "an answer", &error),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RequestId, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Encodes the response to a request.
fn response(request: &UnderWay, outcome: Outcome) -> Result<Vec<u8>, CodecError> {
    let id = &*request.message_id;
    let unsupported = |why: &str| Failure::Unsupported(why.into(), Delivery::MayHaveRun);
    match outcome {
        Outcome::Reply(body) => Response::reply(id, request.reply, &body)?.write(),
        Outcome::Error(body) => Response::error(id, &body)?.write(),
        // The handler had not begun at the deadline.
        Outcome::Failure(Failure::Cancelled) => {
            failed(request, &Failure::Deadline(DEFAULT_TIMEOUT))
        }
        Outcome::Failure(failure) => failed(request, &failure),
        Outcome::Stream(_) => failed(request, &unsupported("Python's conclib knows no streams")),
        // A sender that waits for a reply gets no confirmation.
        Outcome::Queued | Outcome::Handled => failed(request, &Failure::NoReply),
    }
}

fn failed(request: &UnderWay, failure: &Failure) -> Result<Vec<u8>, CodecError> {
    Response::failure(&request.message_id, failure, &request.about)?.write()
}

impl ReplySink for Requests {
    fn respond(&self, id: RequestId, _: Codec, outcome: Outcome) {
        let request = self.lock().remove(&id);
        // The answer to a request whose deadline has passed comes too late.
        if let Some(request) = request {
            self.answer(&request, outcome);
        }
    }

    fn reply_type(&self, id: RequestId, path: &'static str) {
        if let Some(request) = self.lock().get_mut(&id) {
            request.reply = type_name(path);
        }
    }
}
