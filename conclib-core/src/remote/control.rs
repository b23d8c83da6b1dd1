//! Control requests: what a far reference asks of the inlet of its actor's system, past the
//! mailbox of the actor.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use conclib_wire::{
    Delivery, DeliveryClass, Envelope, Failure, Fault, RequestId, ResponseKind, State, StopReason,
    Urn, Wants,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::answers::{failure, misfit};
use super::target::Remote;
use crate::call::{OutboundRequest, Waiter, transmit};
use crate::snapshot::ActorSnapshot;
use crate::spi::{Answered, Answerer, DEFAULT_TIMEOUT, MAX_TIMEOUT, Outlet};

/// Request about an actor that its inlet answers. The body is the key of the reference, if it
/// was exported over the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ControlRequest {
    /// Gives the signal to end, and waits for the end. The reply is its [`StopReason`].
    Stop,
    /// Like `Stop`, after the turn that runs.
    StopNow,
    /// Like `Stop`, at the next await.
    Kill,
    /// Waits for the end. The reply is its [`StopReason`].
    Stopped,
    /// Waits for the start. The reply is `Ok`, or the reason for the end before that.
    Started,
    /// Asks for the [`State`].
    State,
    /// Asks for the [`ActorSnapshot`].
    Snapshot,
}

impl ControlRequest {
    const ALL: [Self; 7] = [
        Self::Stop,
        Self::StopNow,
        Self::Kill,
        Self::Stopped,
        Self::Started,
        Self::State,
        Self::Snapshot,
    ];

    /// Returns the wire name of the request.
    const fn name(self) -> &'static str {
        match self {
            Self::Stop => "conclib:stop",
            Self::StopNow => "conclib:stop-now",
            Self::Kill => "conclib:kill",
            Self::Stopped => "conclib:stopped",
            Self::Started => "conclib:started",
            Self::State => "conclib:state",
            Self::Snapshot => "conclib:snapshot",
        }
    }

    /// Returns the request of that wire name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|request| request.name() == name)
    }

    /// Tells whether the request is for those that hold the actor.
    pub(crate) const fn is_for_holders(self) -> bool {
        self.ends() || matches!(self, Self::Snapshot)
    }

    /// Tells whether the request ends the actor.
    const fn ends(self) -> bool {
        matches!(self, Self::Stop | Self::StopNow | Self::Kill)
    }

    const fn timeout(self) -> Duration {
        match self {
            Self::State | Self::Snapshot => DEFAULT_TIMEOUT,
            _ => MAX_TIMEOUT,
        }
    }
}

/// Wire name of the request for the named actors of a type. The body is the last part of the
/// type's path, and the reply [`FoundTypes`].
pub(crate) const FIND: &str = "conclib:find";

/// Maximum length of the lists in [`FoundTypes`].
pub(crate) const MAX_FOUND: usize = 16;

/// Named actors of a system by their type.
#[doc(hidden)]
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FoundTypes {
    /// Names of the actors of the type, oldest first, at most 16.
    pub urns: Vec<Urn>,
    /// Types of all named actors, at most 16.
    pub types: Vec<String>,
}

impl Remote {
    /// Asks the system behind an outlet for its named actors of the type `type_name`: the last part
    /// of its path.
    #[doc(hidden)]
    pub async fn find_type(
        outlet: Arc<dyn Outlet>,
        type_name: &str,
    ) -> Result<FoundTypes, Failure> {
        let system = Self::new(outlet, Ok(Urn::reserved(FIND)));
        system
            .ask_inlet(FIND, DEFAULT_TIMEOUT, &type_name, false, None)
            .await
    }

    /// Gives the signal to end, and returns the reason for the end.
    pub(crate) async fn end(&self, signal: ControlRequest) -> StopReason {
        match self.control(signal, None).await {
            Err(Failure::Deadline(_)) => self.stopped().await,
            answer => answer.unwrap_or_else(|failure| unknown(&failure)),
        }
    }

    /// Waits for the end of the actor, or of the connection.
    pub(crate) async fn stopped(&self) -> StopReason {
        self.stopped_keeping(None).await
    }

    /// Waits like [`stopped`](Self::stopped). The reference is kept until the request has left, so
    /// that its drop is not what ends the actor before.
    pub(crate) async fn stopped_keeping(&self, mut kept: Option<Arc<Self>>) -> StopReason {
        loop {
            let asked = self.control(ControlRequest::Stopped, kept.take());
            match asked.await {
                Err(Failure::Deadline(_)) => {}
                answer => return answer.unwrap_or_else(|failure| unknown(&failure)),
            }
        }
    }

    /// Waits for the start of the actor. The error is the reason for its end before that.
    pub(crate) async fn started(&self) -> Result<(), StopReason> {
        loop {
            match self.control(ControlRequest::Started, None).await {
                Err(Failure::Deadline(_)) => {}
                Err(failure) => return Err(unknown(&failure)),
                Ok(started) => return started,
            }
        }
    }

    /// Asks for the state of the actor.
    pub(crate) async fn state(&self) -> Result<State, Failure> {
        match self.control(ControlRequest::State, None).await {
            Err(Failure::NoSuchActor) => Ok(State::Stopped),
            answer => answer,
        }
    }

    /// Asks for a snapshot of the actor.
    pub(crate) async fn snapshot(&self) -> Result<ActorSnapshot, Failure> {
        self.control(ControlRequest::Snapshot, None).await
    }

    /// Sends a control request, and returns its reply. A wait is cancelled if it is dropped; a
    /// signal that was sent is not taken back. `kept` is dropped once the request has left.
    async fn control<T>(
        &self,
        request: ControlRequest,
        kept: Option<Arc<Self>>,
    ) -> Result<T, Failure>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let key = self.home.as_ref().map(|home| home.key);
        let (name, timeout) = (request.name(), request.timeout());
        self.ask_inlet(name, timeout, &key, request.ends(), kept)
            .await
    }

    /// Sends a request with that name to the inlet of the system. `is_signal` says that it is not
    /// cancelled once it was sent. `kept` is dropped then.
    async fn ask_inlet<T>(
        &self,
        name: &str,
        timeout: Duration,
        body: &(impl Serialize + Sync),
        is_signal: bool,
        kept: Option<Arc<Self>>,
    ) -> Result<T, Failure>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let urn = self.urn.as_ref();
        let urn = urn.map_err(|error| Failure::Urn(Box::new(error.clone())))?;
        if self.outlet.outage().is_some() {
            return Err(Failure::Disconnected(Delivery::NotDelivered));
        }
        let codec = self.outlet.codec();
        let mut encoded_body = Vec::new();
        let encoded = codec.encode(body, &mut encoded_body);
        encoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::NotDelivered))?;
        let (answer, answered) = oneshot::channel();
        let answerer = Answerer::new(move |response| {
            // An asker that has gone needs no answer.
            let _ = answer.send(response.and_then(|answered| decode(&answered)));
        });
        let mut outbound = OutboundRequest::new(self.outlet.clone(), answerer);
        let sent = poll_fn(|cx| {
            outbound.poll_send(cx, urn.as_str(), |outlet, _, answerer| {
                let envelope = Envelope {
                    id: RequestId::nil(),
                    to: urn.as_str(),
                    message: name,
                    timeout,
                    trace: "",
                    codec,
                    fingerprint: 0,
                    wants: Wants::Reply,
                    class: DeliveryClass::AtMostOnce,
                    attempt: 1,
                    priority: None,
                    chain: &[],
                    body: &encoded_body,
                };
                transmit(outlet, urn, Waiter::Nobody, envelope, answerer)
            })
        });
        sent.await?;
        drop(kept);
        let mut cancel = outbound.into_cancel();
        if is_signal {
            cancel.take().into_iter().for_each(|cancel| cancel.done());
        }
        let answer = answered.await;
        cancel.into_iter().for_each(|cancel| cancel.done());
        answer.unwrap_or(Err(Failure::Disconnected(Delivery::MayHaveRun)))
    }
}

fn decode<T: DeserializeOwned>(answered: &Answered<'_>) -> Result<T, Failure> {
    let response = &answered.response;
    match response.kind {
        ResponseKind::Reply => {
            let decoded = response.codec.decode(response.body);
            decoded.map_err(|error| Failure::Codec(Box::new(error), Delivery::MayHaveRun))
        }
        ResponseKind::Failure => Err(failure(response)),
        kind => Err(misfit(kind)),
    }
}

/// Returns the reason for an end of which only the failure of its request is known.
fn unknown(failure: &Failure) -> StopReason {
    match failure {
        Failure::NoSuchActor | Failure::Urn(_) => StopReason::NoSuchActor,
        // A system of an older version answers the last two.
        Failure::NotPermitted(_) | Failure::NoSuchMessage(_) | Failure::Unsupported(..) => {
            StopReason::OutOfReach
        }
        Failure::Codec(error, _) => {
            let text = format!("the reason is one that this version does not know: {error}");
            StopReason::Failed(Box::new(Fault::foreign(text)))
        }
        _ => StopReason::Unreachable,
    }
}
