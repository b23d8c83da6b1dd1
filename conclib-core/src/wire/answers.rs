//! What becomes of the answer to a request that left: a reply, an error, or
//! word that it is queued.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Answered, Answerer, CodecError, Response, ResponseKind};
use crate::error::{Delivery, Failure};
use crate::message::{Message, Road};
use crate::reply::{Answer, ReplyTo};
use crate::urn::Urn;

/// A failure by the deadline tells the time that was given, not what was left
/// of it when the request went out. The other side may be the first to see that
/// it is over: for an asker that still waits, it skips a request for no other
/// reason.
pub(super) fn given(failure: Failure, timeout: Duration) -> Failure {
    match failure {
        Failure::Deadline(_) | Failure::Cancelled => Failure::Deadline(timeout),
        failure => failure,
    }
}

/// What passes the answer on to a local slot; for a tell, the word that it is
/// queued.
pub(super) fn answerer<M: Message>(
    reply: ReplyTo<M::Reply, M::Error>,
    urn: &Urn,
    timeout: Duration,
) -> (Answerer, Option<oneshot::Receiver<Result<(), Failure>>>) {
    if reply.was_asked() {
        // Items that fail later say whose they are.
        let who = <M::Road as Road<M>>::STREAMS.then(|| urn.clone());
        let answerer = move |answered: Result<Answered<'_>, Failure>| {
            let answer = match answered {
                Ok(answered) => decode::<M>(answered, who.as_ref()),
                Err(failure) => Err(Box::new(failure)),
            };
            reply.answer(answer.map_err(|failure| Box::new(given(*failure, timeout))));
        };
        return (Box::new(answerer), None);
    }
    let (word, queued) = oneshot::channel();
    let answerer = move |response: Result<Answered<'_>, Failure>| {
        // A teller that has left wants no word.
        let response = response.map_err(|failure| given(failure, timeout));
        let _ = word.send(self::queued(response));
    };
    (Box::new(answerer), Some(queued))
}

/// What the answer to a told message says of it.
pub(super) fn queued(answered: Result<Answered<'_>, Failure>) -> Result<(), Failure> {
    match answered?.response {
        response if response.kind == ResponseKind::Failure => Err(failure(&response)),
        _ => Ok(()),
    }
}

fn decode<M: Message>(answered: Answered<'_>, who: Option<&Urn>) -> Answer<M::Reply, M::Error> {
    let response = answered.response;
    let Response { codec, body, .. } = response;
    let decoded = match response.kind {
        ResponseKind::Reply | ResponseKind::Stream => {
            <M::Road as Road<M>>::decode_reply(answered, who).map(Ok)
        }
        ResponseKind::Error => <M::Road as Road<M>>::decode_error(codec, body).map(Err),
        ResponseKind::Failure => return Err(Box::new(failure(&response))),
        ResponseKind::Queued => return Err(Box::new(Failure::NoReply)),
    };
    decoded.map_err(|error: CodecError| {
        Box::new(Failure::Codec(Box::new(error), Delivery::MayHaveRun))
    })
}

/// The failure that a response tells of.
pub(super) fn failure(response: &Response<'_>) -> Failure {
    response
        .codec
        .decode(response.body)
        .unwrap_or(Failure::NoReply)
}
