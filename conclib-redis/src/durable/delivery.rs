//! Delivery of one message to its actor, as often as it takes.

use std::sync::Arc;
use std::time::Duration;

use conclib_core::Delivery;
use conclib_core::wire::{
    DeliveryClass, Envelope, Failure, MAX_TIMEOUT, Origin, ResponseEnvelope, Wants,
};
use tokio::time::sleep;

use super::commit::Done;
use super::end::End;
use super::entry::{Entry, decode};
use super::owned::Owned;
use super::turn::{Turn, TurnSink};

/// Attempts after which a message becomes a dead letter.
const MAX_ATTEMPTS: u64 = 3;

/// Dead letters of one name; the oldest are dropped for one more.
const MAX_DEAD: usize = 10_000;

/// Pause before a message is tried again, for each attempt before.
const AGAIN: Duration = Duration::from_millis(100);

/// Result of a delivery.
pub(super) enum Delivered {
    /// The message was handled.
    Done(Done),
    /// The message of that id is a dead letter.
    Buried(Arc<str>),
    /// The message of that id did not reach its actor, after that number of attempts.
    Undelivered(Arc<str>, u64),
    /// The system ends, and the message comes again.
    Unread,
    /// Another owner has the mailbox.
    Fenced,
}

/// Delivers a message, until it was handled or is a dead letter.
pub(super) async fn deliver(owned: &Owned<'_>, mut entry: Entry, origin: Origin) -> Delivered {
    let host = owned.host;
    let stored = entry.stored.clone();
    let signer = &host.endpoint.signer;
    let Some(envelope) = decode(&owned.mailbox, &stored, signer) else {
        host.endpoint.counters.drop_forged();
        let why = "the message has no valid signature or form";
        return Box::pin(bury(owned, &entry, entry.tries, why, None)).await;
    };
    if host.has_handled(&entry) {
        host.endpoint
            .counters
            .drop_stale("a copy of a message that was handled");
        return Delivered::Done(Done::new(entry, None));
    }
    let mut why = Failure::Disconnected(Delivery::MayHaveRun);
    let mut attempt = 1;
    loop {
        // Messages that wait behind one that kills their process keep their attempts.
        if entry.tries > 0 {
            attempt = entry.tries + 1;
            let arguments = vec![entry.id.to_string().into(), attempt.to_string().into()];
            match Box::pin(owned.run(&host.scripts.again, arguments)).await {
                Ok(_) => {}
                Err(End::Fenced) => return Delivered::Fenced,
                Err(End::Left(_)) => return Delivered::Unread,
            }
        }
        if attempt > MAX_ATTEMPTS {
            let answer = answer(&envelope, &why);
            let why = format!(
                "not handled in {MAX_ATTEMPTS} attempts; the last ended: {}",
                why.name()
            );
            return Box::pin(bury(owned, &entry, attempt - 1, &why, answer)).await;
        }
        let Ok(permit) = host.inlet.ready(owned.urn).await else {
            return Delivered::Undelivered(entry.id, attempt - 1);
        };
        match owned.ensure().await {
            Ok(()) => {}
            Err(End::Fenced) => return Delivered::Fenced,
            Err(End::Left(_)) => return Delivered::Unread,
        }
        let turn = Envelope {
            // The deadline of the asker does not end the message.
            timeout: MAX_TIMEOUT,
            wants: match envelope.wants {
                Wants::Reply => Wants::Reply,
                Wants::Queued | Wants::Handled => Wants::Handled,
            },
            class: DeliveryClass::AtLeastOnce,
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            ..envelope
        };
        let (sink, outcome) = TurnSink::new(host.scope.clone());
        let cancellation = permit.deliver(&turn, sink, origin.clone());
        let turn = outcome.await;
        drop(cancellation);
        match turn {
            Ok(Turn::Over(response)) => {
                host.handled(&entry);
                let answered = envelope.wants != Wants::Queued;
                return Delivered::Done(Done::new(entry, answered.then_some(response)));
            }
            Ok(Turn::Undelivered) | Err(_) => {
                return Delivered::Undelivered(entry.id, attempt - 1);
            }
            Ok(Turn::Failed(failure)) => why = failure,
        }
        entry.tries = attempt;
        sleep(AGAIN * u32::try_from(attempt + 1).unwrap_or(1)).await;
    }
}

/// Returns the answer to a sender whose message is a dead letter.
fn answer(envelope: &Envelope<'_>, why: &Failure) -> Option<ResponseEnvelope> {
    let is_awaited = envelope.wants != Wants::Queued;
    is_awaited.then(|| ResponseEnvelope::failure(envelope.id, envelope.codec, why))
}

/// Makes a message a dead letter.
async fn bury(
    owned: &Owned<'_>,
    entry: &Entry,
    attempts: u64,
    why: &str,
    answer: Option<ResponseEnvelope>,
) -> Delivered {
    tracing::error!(
        target: "conclib::redis", urn = owned.urn, attempts,
        "a durable message became a dead letter: {why}"
    );
    let arguments = vec![
        entry.id.to_string().into(),
        why.to_owned().into(),
        attempts.to_string().into(),
        MAX_DEAD.to_string().into(),
    ];
    let mut buried = match owned.run(&owned.host.scripts.bury, arguments).await {
        Ok(buried) => buried,
        Err(End::Fenced) => return Delivered::Fenced,
        Err(End::Left(_)) => return Delivered::Unread,
    };
    owned.host.endpoint.counters.bury();
    if let Ok(dropped @ 1..) = buried.number() {
        owned.host.endpoint.counters.drop_dead(owned.urn, dropped);
    }
    match answer {
        // The message is removed already, and its answer is kept.
        Some(answer) => Delivered::Done(Done::new(entry.clone(), Some(answer))),
        None => Delivered::Buried(entry.id.clone()),
    }
}
