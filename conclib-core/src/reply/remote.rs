//! Reply handle for an asker in another process, and the encoding of answers.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use conclib_wire::{Codec, CodecError, Delivery, Failure, Fault, ResponseKind};
use tokio::time::{Sleep, sleep_until};

use super::Answer;
use super::remote_caller::{Queued, RemoteCaller};
use crate::deadlock::WaitingTurn;
use crate::message::{Message, Reach};
use crate::observe::Remarks;
use crate::spi::{Origin, OutboundStream};
use crate::time::{CompactDeadline, timers};

/// Initial capacity of a reply body, enough for most.
const USUAL_BODY: usize = 128;

/// Reply handle for an asker in another process, typed by its message's reply and error.
pub struct RemoteReply<T, E> {
    asker: RemoteCaller,
    encode: EncodeFn<T, E>,
    /// Timer of the asker's deadline, made once a handler waits for the asker to go.
    expiry: Option<Pin<Box<Sleep>>>,
}

/// Writes an answer of a message as the body of a response.
type EncodeFn<T, E> = fn(Answer<T, E>, Codec, &mut Vec<u8>) -> Result<EncodedAnswer, Encode>;

/// Encoded answer.
enum EncodedAnswer {
    Body(ResponseKind),
    Stream(OutboundStream),
}

/// Reason for which an answer has no body.
enum Encode {
    Failure(Box<Failure>),
    Codec(CodecError),
}

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
        self.asker.asked && self.asker.is_waiting()
    }

    /// Resolves when the asker does not wait any more.
    pub(crate) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.asker.asked {
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
        self.asker.asked
    }

    /// Returns the asker's deadline, and true if the asker has gone.
    pub(crate) fn outlook(&self) -> (Option<CompactDeadline>, bool) {
        match self.asker.asked {
            true => (
                CompactDeadline::at(self.asker.expires),
                self.asker.has_left(),
            ),
            false => (None, false),
        }
    }

    pub(crate) fn remarks(&self) -> &Remarks {
        self.asker.remarks()
    }

    pub(crate) fn queued(&mut self) -> Option<Queued> {
        self.asker.queued()
    }

    pub(crate) fn answer(mut self, answer: Answer<T, E>) {
        if self.asker.is_answered() {
            return;
        }
        let mut body = Vec::with_capacity(USUAL_BODY);
        let (codec, encode) = (self.asker.codec(), self.encode);
        // The serde code of a reply is a user's, and may panic.
        let encoded = catch_unwind(AssertUnwindSafe(|| encode(answer, codec, &mut body)));
        match encoded {
            Ok(Ok(EncodedAnswer::Body(kind))) => self.asker.send(kind, body),
            Ok(Ok(EncodedAnswer::Stream(items))) => self.asker.stream(items),
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

impl<T, E> fmt::Debug for RemoteReply<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteReply")
            .field("id", &self.asker.id)
            .finish_non_exhaustive()
    }
}

fn encode<M: Message>(
    answer: Answer<M::Reply, M::Error>,
    codec: Codec,
    out: &mut Vec<u8>,
) -> Result<EncodedAnswer, Encode> {
    match answer {
        Ok(Ok(reply)) => <M::Reach as Reach<M>>::encode_reply(reply, codec, out)
            .map(|stream| {
                stream.map_or(
                    EncodedAnswer::Body(ResponseKind::Reply),
                    EncodedAnswer::Stream,
                )
            })
            .map_err(Encode::Codec),
        Ok(Err(error)) => <M::Reach as Reach<M>>::encode_error(&error, codec, out)
            .map(|()| EncodedAnswer::Body(ResponseKind::Error))
            .map_err(Encode::Codec),
        Err(failure) => Err(Encode::Failure(failure)),
    }
}
