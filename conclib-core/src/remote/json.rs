//! Asks without the type of the message: by its wire name, in JSON.

use std::future::poll_fn;
use std::time::Duration;

use conclib_wire::{
    Codec, CodecError, Delivery, DeliveryClass, Envelope, Failure, Fault, RequestId, Response,
    ResponseKind, Urn, Wants,
};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::answers::{failure, given, misfit};
use super::target::Remote;
use crate::call::{OutboundRequest, Waiter, transmit};
use crate::error::AskError;
use crate::spi::{Answerer, MAX_TIMEOUT};
use crate::time::Elapsed;

impl Remote {
    /// Asks without the type of the message: by its wire name, in JSON. For tools, and for programs
    /// that do not have the actor's crate.
    ///
    /// `timeout` includes the wait for a connection.
    ///
    /// # Errors
    /// Fails like any ask. An error of the message's own type comes as [`AskError::Fault`], whose
    /// message is the error in JSON.
    ///
    /// # Cancel safety
    /// If it is dropped, the request is cancelled, provided its handler has not begun.
    pub async fn ask_json(
        &self,
        message: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<Value, AskError> {
        let urn = match &self.urn {
            Ok(urn) => urn,
            Err(error) => return Err(AskError::Urn(Box::new(error.clone()))),
        };
        let mut delivery = Delivery::NotDelivered;
        Elapsed::unless_timers()
            .map_err(|late| late.into_ask_error(urn.about(message), delivery))?;
        let asking = self.send_json(urn, message, body, timeout, &mut delivery);
        let answer = match tokio::time::timeout(timeout, asking).await {
            Ok(answer) => answer,
            Err(_) => {
                let urn = urn.about(message);
                let outage = match delivery {
                    Delivery::NotDelivered => self.outlet.outage(),
                    Delivery::MayHaveRun => None,
                };
                return Err(AskError::late(urn, timeout, delivery, outage));
            }
        };
        answer.map_err(|failure| AskError::new(urn.about(message), given(failure, timeout)))
    }

    async fn send_json(
        &self,
        urn: &Urn,
        message: &str,
        body: &Value,
        timeout: Duration,
        delivery: &mut Delivery,
    ) -> Result<Value, Failure> {
        let until = Instant::now() + timeout.min(MAX_TIMEOUT);
        let codec = Codec::Json;
        let mut bytes = Vec::new();
        let encoded = codec.encode(body, &mut bytes);
        encoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::NotDelivered))?;
        let (answer, answered) = oneshot::channel();
        let answerer = Answerer::new(move |response| {
            // An asker that has gone needs no answer.
            let _ = answer.send(response.and_then(|answered| json_answer(&answered.response)));
        });
        let mut request = OutboundRequest::new(self.outlet.clone(), answerer);
        let sent = poll_fn(|cx| {
            request.poll_send(cx, urn.as_str(), |outlet, _, answerer| {
                let envelope = Envelope {
                    id: RequestId::nil(),
                    to: urn.as_str(),
                    message,
                    timeout: until.saturating_duration_since(Instant::now()),
                    trace: "",
                    codec,
                    fingerprint: 0,
                    wants: Wants::Reply,
                    class: DeliveryClass::AtMostOnce,
                    attempt: 1,
                    priority: None,
                    chain: &[],
                    body: &bytes,
                };
                transmit(outlet, urn, Waiter::Turn, envelope, answerer)
            })
        });
        sent.await?;
        *delivery = Delivery::MayHaveRun;
        let lost = |_| Err(Failure::Disconnected(Delivery::MayHaveRun));
        answered.await.unwrap_or_else(lost)
    }
}

fn json_answer(response: &Response<'_>) -> Result<Value, Failure> {
    let value = || {
        let decoded = response.codec.decode::<Value>(response.body);
        decoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::MayHaveRun))
    };
    match response.kind {
        ResponseKind::Reply => value(),
        ResponseKind::Error => Err(Failure::Fault(Box::new(Fault::foreign(
            value()?.to_string(),
        )))),
        ResponseKind::Failure => Err(failure(response)),
        // The drop of its items, along with the answer, cancels the stream.
        ResponseKind::Stream => Err(Failure::Codec(
            Box::new(CodecError::stream(response.codec)),
            Delivery::MayHaveRun,
        )),
        kind => Err(misfit(kind)),
    }
}
