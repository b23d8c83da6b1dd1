//! Who asked from outside, and the way back to it.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    Codec, CodecError, Envelope, MAX_TIMEOUT, Outgoing, RequestEnvelope, RequestId,
    ResponseEnvelope, ResponseKind,
};
use crate::due::Due;
use crate::error::{Delivery, Failure};
use crate::fault::Fault;
use crate::message::{Message, Road, decode};
use crate::observe::Note;
use crate::reply::{Answer, Refusal, ReplyTo, Request};
use crate::urn::Urn;

/// What most replies fit in, in bytes.
const USUAL_BODY: usize = 128;

/// Where a message came from.
///
/// ```
/// assert_eq!(conclib_core::wire::Origin::Local.to_string(), "local");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// From inside the process.
    Local,
    /// From another process on this machine, by its id.
    Process(u32),
    /// Over a connection whose other end has no process id here, by what is
    /// known of it.
    Peer(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Process(pid) => write!(f, "process {pid}"),
            Self::Peer(peer) => write!(f, "peer {peer}"),
        }
    }
}

/// Where answers leave towards the peers that asked: one for a connection.
pub trait ReplySink: Send + Sync + 'static {
    /// Sends a response. It must not block: a handler's turn is waiting.
    /// Exactly one comes for each request that was let in.
    fn respond(&self, response: ResponseEnvelope);

    /// As [`respond`](Self::respond), where the answer is a stream. A way back
    /// that does not know of streams refuses.
    fn stream(&self, id: RequestId, codec: Codec, items: Outgoing) {
        drop(items);
        let error = CodecError::Unencodable {
            codec,
            detail: "a stream of items cannot go back this way".to_owned(),
        };
        let failure = Failure::Codec(Box::new(error), Delivery::MayHaveRun);
        self.respond(ResponseEnvelope::failure(id, codec, &failure));
    }
}

/// The mark that an asker has left, shared with the request it left behind.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<Mark>);

#[derive(Debug, Default)]
struct Mark {
    left: AtomicBool,
    /// Whoever holds the request, if it waits for the asker to leave.
    waiting: AtomicWaker,
}

impl Cancellation {
    /// Lets the request be skipped if its handler has not begun, and tells a
    /// handler that has begun and wants to know.
    pub fn cancel(&self) {
        self.0.left.store(true, Ordering::Relaxed);
        self.0.waiting.wake();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
    }

    fn register(&self, cx: &Context<'_>) {
        self.0.waiting.register(cx.waker());
    }
}

/// An asker behind a wire. Dropped unanswered, it is told that no reply comes.
#[doc(hidden)]
pub struct WireAsker {
    /// Taken by answering.
    sink: Option<Arc<dyn ReplySink>>,
    id: RequestId,
    codec: Codec,
    asked: bool,
    expires: Instant,
    cancellation: Cancellation,
    origin: Origin,
    /// What somebody who looks on wants to know.
    note: Option<Box<Note>>,
}

impl WireAsker {
    pub(crate) fn new(envelope: &Envelope<'_>, sink: Arc<dyn ReplySink>, origin: Origin) -> Self {
        Self {
            sink: Some(sink),
            id: envelope.id,
            codec: envelope.codec,
            asked: envelope.asked,
            expires: Instant::now() + envelope.timeout.min(MAX_TIMEOUT),
            cancellation: Cancellation::default(),
            origin,
            note: Note::of_wire(envelope.trace).map(Box::new),
        }
    }

    /// One that asks nothing, and only brings a note.
    pub(crate) fn nobody(note: Note) -> Self {
        Self {
            sink: None,
            id: RequestId::nil(),
            codec: Codec::Json,
            asked: false,
            expires: Instant::now(),
            cancellation: Cancellation::default(),
            origin: Origin::Local,
            note: Some(Box::new(note)),
        }
    }

    pub(crate) fn note(&self) -> Option<&Note> {
        self.note.as_deref()
    }

    /// It is being sent to a receiver that is measured.
    #[cold]
    pub(crate) fn is_sent_now(&mut self) {
        self.note.get_or_insert_default().is_sent_now();
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// Whether somebody asked, and does not wait any more.
    pub(crate) fn has_left(&self) -> bool {
        self.asked && !self.is_waiting()
    }

    /// Whether the asker still waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.cancellation.is_cancelled() && Instant::now() < self.expires
    }

    /// Field names travel in JSON, so only bincode compares shapes.
    pub(crate) fn same_shape(&self, theirs: u64, ours: u64) -> bool {
        self.codec != Codec::Bincode || theirs == 0 || ours == 0 || theirs == ours
    }

    /// A told message is queued: that is all its sender wants to know.
    pub(crate) fn queued(&mut self) {
        if !self.asked {
            self.send(ResponseKind::Queued, Vec::new());
        }
    }

    pub(crate) fn refuse(mut self, failure: &Failure) {
        self.fail(failure);
    }

    pub(crate) fn respond<T: Serialize + ?Sized>(mut self, reply: &T) -> Result<(), CodecError> {
        let mut body = Vec::new();
        let encoded = self.codec.encode(reply, &mut body);
        match &encoded {
            Ok(()) => self.send(ResponseKind::Reply, body),
            Err(error) => self.fail(&Failure::Codec(
                Box::new(error.clone()),
                Delivery::MayHaveRun,
            )),
        }
        encoded
    }

    fn fail(&mut self, failure: &Failure) {
        if let Some(sink) = self.sink.take() {
            sink.respond(ResponseEnvelope::failure(self.id, self.codec, failure));
        }
    }

    fn send(&mut self, kind: ResponseKind, body: Vec<u8>) {
        if let Some(sink) = self.sink.take() {
            sink.respond(ResponseEnvelope {
                id: self.id,
                kind,
                codec: self.codec,
                body,
            });
        }
    }

    fn stream(&mut self, items: Outgoing) {
        if let Some(sink) = self.sink.take() {
            sink.stream(self.id, self.codec, items);
        }
    }
}

impl Drop for WireAsker {
    fn drop(&mut self) {
        self.fail(&Failure::NoReply);
    }
}

/// The way back to an asker behind a wire, typed by what it waits for.
pub struct WireReply<T, E> {
    asker: WireAsker,
    way: Way<T, E>,
    /// When the asker's time is over, once somebody waits for that.
    expiry: Option<Pin<Box<Sleep>>>,
}

enum Way<T, E> {
    Wire(EncodeFn<T, E>),
    /// It came from here, and the asker only stands for what is noted of it:
    /// the loop looks for one anyway, and so finds that without another look.
    Here(ReplyTo<T, E>),
}

/// Writes an answer of a message as the body of a response.
type EncodeFn<T, E> = fn(Answer<T, E>, Codec, &mut Vec<u8>) -> Result<Answering, Encode>;

/// What an answer has become.
enum Answering {
    Body(ResponseKind),
    Stream(Outgoing),
}

/// Why an answer is no body.
enum Encode {
    Failure(Box<Failure>),
    Codec(CodecError),
}

impl<T, E> WireReply<T, E> {
    /// Of a message that came from here.
    pub(crate) fn noted(note: Note, reply: ReplyTo<T, E>) -> Self {
        Self {
            asker: WireAsker::nobody(note),
            way: Way::Here(reply),
            expiry: None,
        }
    }

    pub(crate) fn is_sent_now(&mut self) {
        self.asker.is_sent_now();
    }

    /// An asker elsewhere has said so itself.
    pub(crate) fn set_due(&mut self, until: Option<Due>) {
        if let Way::Here(reply) = &mut self.way {
            reply.set_due(until);
        }
    }

    pub(crate) fn is_wanted(&self) -> bool {
        match &self.way {
            Way::Wire(_) => self.asker.asked && self.asker.is_waiting(),
            Way::Here(reply) => reply.is_wanted(),
        }
    }

    /// Resolves when the asker does not wait any more.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Way::Here(reply) = &mut self.way {
            return reply.poll_closed(cx);
        }
        if !self.asker.asked {
            return Poll::Pending;
        }
        // First, so that a cancellation in between is not missed.
        self.asker.cancellation.register(cx);
        if !self.asker.is_waiting() {
            return Poll::Ready(());
        }
        if self.expiry.is_none() && Handle::try_current().is_ok() {
            self.expiry = Some(Box::pin(sleep_until(self.asker.expires)));
        }
        match &mut self.expiry {
            Some(expiry) => expiry.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    pub(crate) fn was_asked(&self) -> bool {
        match &self.way {
            Way::Wire(_) => self.asker.asked,
            Way::Here(reply) => reply.was_asked(),
        }
    }

    /// Until when the asker waits, and whether it has left.
    pub(crate) fn outlook(&self) -> (Option<Due>, bool) {
        if let Way::Here(reply) = &self.way {
            return reply.outlook();
        }
        match self.asker.asked {
            true => (
                Due::at(Instant::now(), self.asker.expires),
                self.asker.has_left(),
            ),
            false => (None, false),
        }
    }

    pub(crate) fn asker(&self) -> &WireAsker {
        &self.asker
    }

    pub(crate) fn queued(&mut self) {
        self.asker.queued();
    }

    pub(crate) fn answer(mut self, answer: Answer<T, E>) {
        let encode = match self.way {
            Way::Wire(encode) => encode,
            Way::Here(reply) => return reply.answer(answer),
        };
        if self.asker.sink.is_none() {
            return;
        }
        let mut body = Vec::with_capacity(USUAL_BODY);
        let codec = self.asker.codec;
        // The serde code of a reply is a user's, and may panic.
        let encoded = catch_unwind(AssertUnwindSafe(|| encode(answer, codec, &mut body)));
        match encoded {
            Ok(Ok(Answering::Body(kind))) => self.asker.send(kind, body),
            Ok(Ok(Answering::Stream(items))) => self.asker.stream(items),
            Ok(Err(Encode::Failure(failure))) => self.asker.fail(&failure),
            Ok(Err(Encode::Codec(error))) => {
                self.asker
                    .fail(&Failure::Codec(Box::new(error), Delivery::MayHaveRun));
            }
            Err(panic) => {
                let fault = Box::new(Fault::panic(&*panic));
                self.asker.fail(&Failure::Panicked(fault));
            }
        }
    }
}

impl<T, E> fmt::Debug for WireReply<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireReply")
            .field("id", &self.asker.id)
            .finish_non_exhaustive()
    }
}

fn encode<M: Message>(
    answer: Answer<M::Reply, M::Error>,
    codec: Codec,
    out: &mut Vec<u8>,
) -> Result<Answering, Encode> {
    match answer {
        Ok(reply) => <M::Road as Road<M>>::encode_reply(reply, codec, out)
            .map(|stream| stream.map_or(Answering::Body(ResponseKind::Reply), Answering::Stream))
            .map_err(Encode::Codec),
        Err(Refusal::Handler(error)) => <M::Road as Road<M>>::encode_error(&error, codec, out)
            .map(|()| Answering::Body(ResponseKind::Error))
            .map_err(Encode::Codec),
        Err(Refusal::Failure(failure)) => Err(Encode::Failure(failure)),
    }
}

/// Decodes a request that came over a wire. What does not fit is answered
/// here, and `None` is left.
#[doc(hidden)]
pub fn accept<M: Message>(envelope: &Envelope<'_>, asker: WireAsker) -> Option<Request<M>> {
    if !asker.same_shape(envelope.fingerprint, M::FINGERPRINT) {
        asker.refuse(&Failure::SchemaMismatch(M::NAME.into()));
        return None;
    }
    // The serde code of a message is a user's, and may panic.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        decode::<M>(envelope.codec, envelope.body)
    }));
    match decoded {
        Ok(Ok(message)) => Some(Request {
            message,
            reply: ReplyTo::wire(WireReply {
                asker,
                way: Way::Wire(encode::<M>),
                expiry: None,
            }),
            from: None,
        }),
        Ok(Err(error)) => {
            asker.refuse(&Failure::Codec(Box::new(error), Delivery::NotDelivered));
            None
        }
        Err(panic) => {
            let error = CodecError::Malformed {
                codec: envelope.codec,
                detail: format!("reading it panicked: {}", Fault::panic(&*panic)),
            };
            asker.refuse(&Failure::Codec(Box::new(error), Delivery::NotDelivered));
            None
        }
    }
}

impl RequestEnvelope {
    pub(crate) fn new(envelope: &Envelope<'_>, to: Urn, asker: WireAsker) -> Self {
        Self {
            asker,
            to,
            message: envelope.message.into(),
            fingerprint: envelope.fingerprint,
            body: envelope.body.into(),
        }
    }
}
