//! Handling of the response to a request that was sent over a wire: a reply, an error, or the
//! confirmation that a tell is queued.

use std::time::Duration;

use conclib_wire::{CodecError, Delivery, Failure, Response, ResponseKind, UnknownFailure, Urn};
use tokio::sync::oneshot;

use crate::message::{Message, Reach};
use crate::reply::{Answer, AnswerSender, ReplyTo};
use crate::spi::{Answered, Answerer, AnySlot};

/// Puts the time that the asker was given into a deadline failure, in place of the time that was
/// left when the request was sent. The other side may be the first to see the deadline pass, and
/// then reports the request as cancelled: for an asker that still waits, there is no other reason.
pub(crate) fn given(failure: Failure, timeout: Duration) -> Failure {
    match failure {
        Failure::Deadline(_) | Failure::Cancelled => Failure::Deadline(timeout),
        failure => failure,
    }
}

/// Returns the callback that passes the answer on to a local reply slot; for a tell, also the
/// receiver of the confirmation that the message is queued.
pub(crate) fn answerer<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    urn: &Urn,
    timeout: Duration,
) -> (Answerer, Option<Confirmation>) {
    if !reply.was_asked() {
        let (answerer, queued) = confirmation(timeout);
        return (answerer, Some(queued));
    }
    // Errors of later stream items name the actor.
    let who = <M::Reach as Reach<M>>::STREAMS.then(|| urn.clone());
    let slot = match who {
        None => reply.into_slot(),
        Some(_) => Err(reply),
    };
    let answerer = match slot {
        Ok(slot) => Answerer::of_slot(slot, timeout, settle::<M>),
        Err(reply) => Answerer::new(move |answered| {
            reply.answer(answer::<M>(answered, timeout, who.as_ref()));
        }),
    };
    (answerer, None)
}

/// Puts an answer into the slot of an asker.
fn settle<M: Message>(
    slot: AnySlot,
    timeout: Duration,
    answered: Option<Result<Answered<'_>, Failure>>,
) {
    let sender = AnswerSender::<Answer<M::Reply, M::Error>>::of_any(slot);
    if let (Some(sender), Some(answered)) = (sender, answered) {
        sender.send(answer::<M>(answered, timeout, None));
    }
}

/// Decodes an answer.
fn answer<M: Message>(
    answered: Result<Answered<'_>, Failure>,
    timeout: Duration,
    who: Option<&Urn>,
) -> Answer<M::Reply, M::Error> {
    decode::<M>(reply_or_error(answered, timeout)?, who)
}

/// Receiver of the word that a told message is queued, or why it is not.
type Confirmation = oneshot::Receiver<Result<(), Failure>>;

fn confirmation(timeout: Duration) -> (Answerer, Confirmation) {
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
