//! Request that came over a wire, typed by its message: decodes the message, and encodes its answer.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_wire::{CodecError, Delivery, Envelope, Failure, Fault, Wants};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Answer;
use super::remote_caller::{Queued, RemoteCaller};
use super::request::Request;
use super::to::ReplyTo;
use crate::deadlock::WaitingTurn;
use crate::error::MessageError;
use crate::message::{Message, Reach, decode};
use crate::observe::Remarks;
use crate::spi::{Origin, Outcome, body_buffer, enter, exported};
use crate::time::{CompactDeadline, timers};

/// Decodes a request that came over a wire. Answers a request that cannot be decoded with an error,
/// and returns `None`.
#[doc(hidden)]
pub fn accept<M: Message>(envelope: &Envelope<'_>, asker: RemoteCaller) -> Option<Request<M>> {
    let mut message = None;
    let asker = decoded(envelope, asker, (M::NAME, M::FINGERPRINT), &mut || {
        message = Some(decode::<M>(envelope.codec, envelope.body)?);
        Ok(())
    })?;
    Some(Request {
        message: message?,
        reply: ReplyTo::wire(RemoteReply::new::<M>(asker)),
        from: None,
    })
}

/// Checks the shape of a message with that name and fingerprint, and calls its decoding. Returns its
/// asker, or answers with an error.
fn decoded(
    envelope: &Envelope<'_>,
    asker: RemoteCaller,
    (name, fingerprint): (&str, u64),
    decode: &mut dyn FnMut() -> Result<(), CodecError>,
) -> Option<RemoteCaller> {
    if !asker.same_shape(envelope.fingerprint, fingerprint) {
        asker.refuse(Failure::SchemaMismatch(name.into()));
        return None;
    }
    // The serde code of a message is the user's, and may panic.
    let decoded = catch_unwind(AssertUnwindSafe(|| enter(asker.scope(), decode)));
    let error = match decoded {
        Ok(Ok(())) => return Some(asker),
        Ok(Err(error)) => error,
        Err(panic) => CodecError::Malformed {
            codec: envelope.codec,
            detail: format!("decoding it panicked: {}", Fault::panic(&*panic)),
        },
    };
    asker.refuse(Failure::Codec(Box::new(error), Delivery::NotDelivered));
    None
}

/// Reply handle for an asker in another process, typed by its message's reply and error.
pub struct RemoteReply<T, E> {
    asker: RemoteCaller,
    encode: EncodeFn<T, E>,
    /// Timer of the asker's deadline, made once a handler waits for the asker to go.
    expiry: Option<Pin<Box<Sleep>>>,
}

/// Encodes an answer of a message.
type EncodeFn<T, E> = fn(Result<T, E>, &RemoteCaller) -> Result<Outcome, CodecError>;

impl<T, E> RemoteReply<T, E> {
    /// Makes the handle for an asker in another process that sent an `M`.
    pub(crate) fn new<M: Message<Reply = T, Error = E>>(asker: RemoteCaller) -> Self {
        Self {
            asker,
            encode: encode::<M>,
            expiry: None,
        }
    }

    pub(crate) fn set_origin(&mut self, origin: Arc<Origin>) {
        self.asker.set_origin(origin);
    }

    pub(crate) fn is_sent_now(&mut self) {
        self.asker.is_sent_now();
    }

    /// Turn that may wait for the answer.
    pub(crate) fn waiting(&self) -> WaitingTurn {
        WaitingTurn::Away(self.asker.cancellation().clone())
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.asker.is_ask() && self.asker.is_waiting()
    }

    /// Resolves when the asker does not wait any more.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.asker.is_ask() {
            return Poll::Pending;
        }
        // Registered before the check, so that a cancellation in between is not missed.
        self.asker.cancellation().register(cx);
        if !self.asker.is_waiting() {
            return Poll::Ready(());
        }
        if self.expiry.is_none() && timers::are_here() {
            self.expiry = Some(Box::pin(sleep_until(self.asker.expires)));
        }
        match &mut self.expiry {
            Some(expiry) => expiry.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    pub(crate) fn was_asked(&self) -> bool {
        self.asker.is_ask()
    }

    /// Returns the asker's deadline, and true if the asker has gone.
    pub(crate) fn outlook(&self) -> (Option<CompactDeadline>, bool) {
        if !self.asker.is_ask() {
            return (None, false);
        }
        let expires = self.asker.expires;
        let left = expires.saturating_duration_since(Instant::now());
        let has_left = left.is_zero() || self.asker.cancellation().is_cancelled();
        (CompactDeadline::ahead(expires, left), has_left)
    }

    pub(crate) fn remarks(&self) -> &Remarks {
        self.asker.remarks()
    }

    pub(crate) fn queued(&mut self) -> Option<Queued> {
        self.asker.queued()
    }

    /// Confirms that the turn of a told message is over.
    pub(crate) fn handled(mut self) {
        self.asker.send(Outcome::Handled);
    }

    pub(crate) fn answer(self, answer: Answer<T, E>) {
        if !self.asker.is_answered() {
            enter(self.asker.scope(), || self.send(answer));
        }
    }

    fn send(mut self, answer: Answer<T, E>) {
        let Self { asker, encode, .. } = &mut self;
        // The serde code of a reply is a user's, and may panic.
        let encoded = catch_unwind(AssertUnwindSafe(|| outcome(answer, asker, *encode)));
        if !matches!(encoded, Ok(Ok(_))) {
            // Lets the actors go whose references were encoded before the failure.
            drop(exported());
        }
        asker.send(match encoded {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                Outcome::Failure(Failure::Codec(Box::new(error), Delivery::MayHaveRun))
            }
            Err(panic) => Outcome::Failure(Failure::Panicked(Box::new(Fault::panic(&*panic)))),
        });
    }
}

impl<T, E> fmt::Debug for RemoteReply<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteReply")
            .field("id", &self.asker.id)
            .finish_non_exhaustive()
    }
}

fn outcome<T, E>(
    answer: Answer<T, E>,
    asker: &RemoteCaller,
    encode: EncodeFn<T, E>,
) -> Result<Outcome, CodecError> {
    match answer {
        Ok(Ok(_)) if asker.wants == Wants::Handled => Ok(Outcome::Handled),
        Ok(answer) => {
            if answer.is_ok() {
                asker.name_reply::<T>();
            }
            encode(answer, asker)
        }
        Err(failure) => Ok(Outcome::Failure(*failure)),
    }
}

fn encode<M: Message>(
    answer: Result<M::Reply, M::Error>,
    asker: &RemoteCaller,
) -> Result<Outcome, CodecError> {
    let codec = asker.codec();
    let mut body = body_buffer();
    match answer {
        Ok(reply) => match <M::Reach as Reach<M>>::encode_reply(reply, codec, &mut body)? {
            Some(stream) => Ok(Outcome::Stream(stream)),
            None => Ok(Outcome::Reply(body)),
        },
        Err(error) if asker.wants == Wants::Handled => {
            Ok(Outcome::Failure(Failure::Fault(Box::new(error.fault()))))
        }
        Err(error) => {
            <M::Reach as Reach<M>>::encode_error(&error, codec, &mut body)?;
            Ok(Outcome::Error(body))
        }
    }
}
