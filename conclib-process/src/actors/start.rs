//! Request to start the actor of a process.

use std::any::type_name;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use conclib_core::__private::{hash, mix};
use conclib_core::wire::{CodecError, FarOptions, RequestEnvelope};
use conclib_core::{
    Actor, ActorRef, Create, Declared, Fault, Message, Messages, Never, SpawnError, StartError,
    StopReason, System, TaskActor, Travels, Urn, Wire,
};
use serde::de::DeserializeOwned;
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Request to start an actor, answered when it has started. A reference in the state or in the
/// arguments travels like one in any message.
pub(super) struct Start<A, T> {
    pub(super) urn: Urn,
    pub(super) messages: u64,
    pub(super) options: FarOptions,
    /// State or arguments of the actor, which are sent again at each restart.
    pub(super) data: Arc<Mutex<Option<T>>>,
    pub(super) actor: PhantomData<fn() -> A>,
}

/// Fields of a [`Start`]: name, fingerprint of the messages, options, and data.
type Fields<T> = (Urn, u64, FarOptions, Option<T>);

/// The reply is the reference by which the owner keeps the actor alive.
impl<A: Travels, T: Serialize + DeserializeOwned + Send + 'static> Message for Start<A, T> {
    type Reply = Result<ActorRef<A>, StopReason>;
    type Error = Never;
    type Reach = Wire;
    const NAME: &'static str = "start";
}

impl<A, T: Serialize> Serialize for Start<A, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fields = serializer.serialize_tuple(4)?;
        fields.serialize_element(&self.urn)?;
        fields.serialize_element(&self.messages)?;
        fields.serialize_element(&self.options)?;
        fields.serialize_element(&*data)?;
        fields.end()
    }
}

impl<'de, A, T: Deserialize<'de>> Deserialize<'de> for Start<A, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (urn, messages, options, data) = Fields::deserialize(deserializer)?;
        Ok(Self {
            urn,
            messages,
            options,
            data: Arc::new(Mutex::new(data)),
            actor: PhantomData,
        })
    }
}

/// Actor of a process, in that process.
pub struct Started {
    pub(super) urn: Urn,
    /// Waits for the start, and answers the request with the reference or the reason for an end
    /// before that. The reference in the answer is the last one of this process.
    pub(super) answered: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Waits for the end.
    pub(super) ended: Pin<Box<dyn Future<Output = StopReason> + Send>>,
}

/// Reason for which the actor of a process was not spawned there.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The state or the arguments cannot be decoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The actor cannot be entered in the system of the process.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The program of the process is not the one of its owner.
    #[error(
        "`{0}` has other messages in the program of the new process: the program was built anew \
         while it ran, so start it again"
    )]
    OtherBuild(&'static str),
    /// The builder had no state left.
    #[error("there is no state to make `{0}` from")]
    NoState(&'static str),
}

impl From<NotStarted> for StopReason {
    fn from(error: NotStarted) -> Self {
        Self::StartFailed(Box::new(Fault::of(&error)))
    }
}

/// Starts an actor from its value. `None` if it is not spawned: then the request is answered.
pub(super) fn start_value<A>(request: RequestEnvelope, system: &System) -> Option<Started>
where
    A: TaskActor + Declared + Travels + Serialize + DeserializeOwned + Send,
{
    let spawn = || {
        let (urn, options, value) = decode::<A, A>(&request)?;
        let actor = system.actor(value).urn(urn);
        Ok(actor.far_options(options).spawn()?)
    };
    Started::of(spawn(), request)
}

/// Starts an actor from arguments, in the same way.
pub(super) fn start_created<A>(request: RequestEnvelope, system: &System) -> Option<Started>
where
    A: TaskActor + Declared + Travels + Create,
    A::Args: Serialize + DeserializeOwned,
{
    let spawn = || {
        let (urn, options, args) = decode::<A, A::Args>(&request)?;
        let actor = system.create::<A>(args).urn(urn);
        Ok(actor.far_options(options).spawn()?)
    };
    Started::of(spawn(), request)
}

fn decode<A: Actor, T: DeserializeOwned>(
    request: &RequestEnvelope,
) -> Result<(Urn, FarOptions, T), NotStarted> {
    let (urn, messages, options, data) = request.decode::<Fields<T>>()?;
    if messages != fingerprint::<A>() {
        return Err(NotStarted::OtherBuild(type_name::<A>()));
    }
    let data = data.ok_or(NotStarted::NoState(type_name::<A>()))?;
    Ok((urn, options, data))
}

impl Started {
    fn of<A: Travels>(
        spawned: Result<ActorRef<A>, NotStarted>,
        request: RequestEnvelope,
    ) -> Option<Self> {
        let actor = match spawned {
            Ok(actor) => actor,
            Err(error) => {
                // The owner gets an error of the codec.
                let _ = request.respond(&Err::<(), _>(StopReason::from(error)));
                return None;
            }
        };
        let ends = actor.downgrade();
        Some(Self {
            urn: actor.urn(),
            answered: Box::pin(async move {
                let started = actor.started().await.map_err(|error| match error {
                    StartError::Ended { reason, .. } => reason,
                    error => StopReason::StartFailed(Box::new(Fault::of(&error))),
                });
                // The owner gets an error of the codec.
                let _ = request.respond(&started.map(|()| actor));
            }),
            ended: Box::pin(async move { ends.stopped().await }),
        })
    }
}

/// Returns the hash of the names of an actor's messages.
pub(super) fn fingerprint<A: Actor>() -> u64 {
    let names = A::Inbox::NAMES.iter();
    names.fold(0, |hashed, name| mix(hashed, hash(name)))
}
