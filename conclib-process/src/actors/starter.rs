//! Start of an actor of one type in a new process.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use conclib_core::wire::{FarOptions, MAX_TIMEOUT, Remote};
use conclib_core::{AskError, Call, Fault, StopReason, Travels, Urn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::start::Start;

/// Sends the request to start the actor of a new process to its host, and returns once it has
/// started. The error is the reason for an end before that.
pub(super) trait Starter: Send {
    fn start(
        &mut self,
        host: Remote,
        urn: Urn,
    ) -> Pin<Box<dyn Future<Output = Result<(), StopReason>> + Send + '_>>;
}

/// Data by which an actor is started in each of its processes.
pub(super) struct StartOf<A, T> {
    pub(super) messages: u64,
    pub(super) options: FarOptions,
    pub(super) data: Arc<Mutex<Option<T>>>,
    pub(super) actor: PhantomData<fn() -> A>,
}

impl<A: Travels, T: Serialize + DeserializeOwned + Send + 'static> Starter for StartOf<A, T> {
    fn start(
        &mut self,
        host: Remote,
        urn: Urn,
    ) -> Pin<Box<dyn Future<Output = Result<(), StopReason>> + Send + '_>> {
        let start: Start<A, T> = Start {
            urn,
            messages: self.messages,
            options: self.options,
            data: self.data.clone(),
            actor: PhantomData,
        };
        Box::pin(async move {
            match Call::new(&host, start).timeout(MAX_TIMEOUT).await {
                // The reference has come home: the others here share it.
                Ok(started) => started.map(drop),
                Err(AskError::Disconnected { .. }) => Err(StopReason::Unreachable),
                Err(error) => Err(StopReason::StartFailed(Box::new(Fault::of(&error)))),
            }
        })
    }
}
