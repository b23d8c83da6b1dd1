//! Handling of the response to a request that was sent over a wire: a reply, an error, or the
//! confirmation that a tell is queued.

use std::time::Duration;

use conclib_wire::{CodecError, Delivery, Failure, Response, ResponseKind, UnknownFailure, Urn};
use tokio::sync::oneshot;

use crate::message::{Message, Reach};
use crate::reply::{Answer, AnswerSender, ReplyTo};
use crate::spi::{Answered, Answerer, AnySlot, Settle};

/// Puts the time that the asker was given into a deadline failure, in place of the time that was
/// left when the request was sent. The other side may be the first to see the deadline pass, and
/// then reports the request as cancelled: for an asker that still waits, there is no other reason.
pub(crate) fn given(failure: Failure, timeout: Duration) -> Failure {
    match failure {
        Failure::Deadline(_) | Failure::Cancelled => Failure::Deadline(timeout),
        failure => failure,
    }
}

/// Returns the callback that passes the answer on to an asker in this process.
pub(crate) fn answerer<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    urn: &Urn,
    timeout: Duration,
) -> Answerer {
    // Errors of later stream items name the actor.
    let who = <M::Reach as Reach<M>>::STREAMS.then(|| urn.clone());
    answerer_to(reply, who, timeout, settle::<M>, decode::<M>)
}

/// Decodes an answer of a message.
type Decode<T, E> = fn(Answered<'_>, Option<&Urn>) -> Answer<T, E>;

fn answerer_to<T: Send + 'static, E: Send + 'static>(
    reply: ReplyTo<T, E>,
    who: Option<Urn>,
    timeout: Duration,
    settle: Settle,
    decode: Decode<T, E>,
) -> Answerer {
    let slot = match who {
        None => reply.into_slot(),
        Some(_) => Err(reply),
    };
    match slot {
        Ok(slot) => Answerer::of_slot(slot, timeout, settle),
        Err(reply) => Answerer::new(move |answered| {
            reply.answer(answer(answered, timeout, who.as_ref(), decode));
        }),
    }
}

/// Puts an answer into the slot of an asker.
fn settle<M: Message>(
    slot: AnySlot,
    timeout: Duration,
    answered: Option<Result<Answered<'_>, Failure>>,
) {
    settle_by(slot, timeout, answered, decode::<M>);
}

fn settle_by<T: Send + 'static, E: Send + 'static>(
    slot: AnySlot,
    timeout: Duration,
    answered: Option<Result<Answered<'_>, Failure>>,
    decode: Decode<T, E>,
) {
    let sender = AnswerSender::<Answer<T, E>>::of_any(slot);
    if let (Some(sender), Some(answered)) = (sender, answered) {
        sender.send(answer(answered, timeout, None, decode));
    }
}

fn answer<T, E>(
    answered: Result<Answered<'_>, Failure>,
    timeout: Duration,
    who: Option<&Urn>,
    decode: Decode<T, E>,
) -> Answer<T, E> {
    decode(reply_or_error(answered, timeout)?, who)
}

/// Receiver of the word that a told message is queued, or why it is not.
type Confirmation = oneshot::Receiver<Result<(), Failure>>;

/// Returns the callback of a message that is told, with the receiver of the confirmation that it is
/// queued.
pub(crate) fn confirmation(timeout: Duration) -> (Answerer, Confirmation) {
    let (word, queued) = oneshot::channel();
    let answerer = Answerer::new(move |response| {
        // A sender that does not wait any more needs no confirmation.
        let response = response.map_err(|failure| given(failure, timeout));
        let _ = word.send(self::queued(response));
    });
    (answerer, queued)
}

/// Returns the response if it has a reply or an error of the handler.
fn reply_or_error(
    answered: Result<Answered<'_>, Failure>,
    timeout: Duration,
) -> Result<Answered<'_>, Box<Failure>> {
    let answered = answered.map_err(|failure| Box::new(given(failure, timeout)))?;
    match answered.response.kind {
        ResponseKind::Reply | ResponseKind::Stream | ResponseKind::Error => Ok(answered),
        ResponseKind::Failure => Err(Box::new(given(failure(&answered.response), timeout))),
        kind => Err(Box::new(misfit(kind))),
    }
}

fn decode<M: Message>(answered: Answered<'_>, who: Option<&Urn>) -> Answer<M::Reply, M::Error> {
    let Response { codec, body, .. } = answered.response;
    match answered.response.kind {
        ResponseKind::Error => match <M::Reach as Reach<M>>::decode_error(codec, body) {
            Ok(error) => Ok(Err(error)),
            Err(error) => Err(not_decoded(error)),
        },
        _ => match <M::Reach as Reach<M>>::decode_reply(answered, who) {
            Ok(reply) => Ok(Ok(reply)),
            Err(error) => Err(not_decoded(error)),
        },
    }
}

fn not_decoded(error: CodecError) -> Box<Failure> {
    Box::new(Failure::Codec(Box::new(error), Delivery::MayHaveRun))
}

/// Returns the result of a tell from its response.
pub(crate) fn queued(answered: Result<Answered<'_>, Failure>) -> Result<(), Failure> {
    let response = answered?.response;
    match response.kind {
        ResponseKind::Failure => Err(failure(&response)),
        kind @ ResponseKind::Unknown(_) => Err(misfit(kind)),
        _ => Ok(()),
    }
}

/// Decodes the failure in a response.
pub(crate) fn failure(response: &Response<'_>) -> Failure {
    Failure::read(response.codec, response.body)
}

/// Returns the failure in place of an answer of a kind that does not fit the request.
pub(crate) fn misfit(kind: ResponseKind) -> Failure {
    match kind {
        ResponseKind::Unknown(id) => Failure::Unknown(Box::new(UnknownFailure {
            name: format!("response kind {id}").into(),
            text: "the answer is of a kind that this version does not know".into(),
            delivery: Delivery::MayHaveRun,
        })),
        _ => Failure::NoReply,
    }
}
