//! Control requests of other processes: an inlet answers them itself, past the mailboxes.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use conclib_wire::{CodecError, Delivery, Envelope, Failure, type_name as short_type_name};
use serde::Serialize;
use tokio::runtime::Handle;

use super::Inlet;
use crate::deadlock::Cancellation;
use crate::mailbox::{By, Signal};
use crate::named::Named as _;
use crate::node::{AnyActor, Pin, current_snapshot};
use crate::remote::{ControlRequest, FIND, FoundTypes, MAX_FOUND, Remote, relay_control};
use crate::reply::RemoteCaller;
use crate::spi::KeepAlive;

/// Maximum number of control requests of other processes that wait in a system for the start or
/// the end of an actor. One more is refused with
/// [`MailboxFull`](crate::error::AskError::MailboxFull).
pub const MAX_CONTROL_WAITS: usize = 16_384;

/// Permission for other processes to end the actors of a system, and to look at them: by `stop`,
/// `stop_now`, `kill` and `current_snapshot` of a far reference.
///
/// Waiting for the start or the end of an actor, and asking for its state, is always permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Control {
    /// A peer may end, and look at, an actor to which it holds a strong reference that it was sent in
    /// a message. A name alone does not suffice.
    #[default]
    Holder,
    /// A peer may end, and look at, each actor whose name it knows.
    Any,
}

/// Number of control requests that wait.
#[derive(Default)]
pub(super) struct Waiting(AtomicUsize);

/// Slot of a control request that waits.
struct WaitSlot(Arc<Waiting>);

impl WaitSlot {
    fn take(waiting: Arc<Waiting>) -> Option<Self> {
        let one_more = |count: usize| (count < MAX_CONTROL_WAITS).then_some(count + 1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let taken = waiting.0.fetch_update(set, fetch, one_more);
        taken.is_ok().then(|| Self(waiting))
    }
}

impl Drop for WaitSlot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inlet {
    /// Answers a control request. Returns the handle that cancels it, if the answer comes later.
    pub(super) fn control(
        &self,
        envelope: &Envelope<'_>,
        asker: RemoteCaller,
    ) -> Option<Cancellation> {
        if envelope.message == FIND {
            match envelope.codec.decode::<String>(envelope.body) {
                Ok(type_name) => reply(asker, &self.find_type(&type_name)),
                Err(error) => asker.refuse(invalid(error)),
            }
            return None;
        }
        if let Some(remote) = relayed(envelope, &asker) {
            let cancellation = asker.cancellation().clone();
            return relay_control(&remote, envelope, asker).then_some(cancellation);
        }
        match self.control_target(envelope, &asker) {
            Ok((request, actor)) => self.serve_control(request, actor, asker),
            Err(failure) => {
                asker.refuse(failure);
                None
            }
        }
    }

    /// Returns the request and its actor, if the peer is permitted to make it.
    fn control_target(
        &self,
        envelope: &Envelope<'_>,
        asker: &RemoteCaller,
    ) -> Result<(ControlRequest, Arc<dyn AnyActor>), Failure> {
        let request = ControlRequest::of_name(envelope.message)
            .ok_or_else(|| Failure::NoSuchMessage(envelope.message.into()))?;
        let held = kept(envelope, asker)?;
        let held = held.as_ref().and_then(|held| held.downcast::<Pin>());
        let held = held.filter(|held| held.actor().urn() == *envelope.to);
        let is_held = held.is_some();
        let found = held.map(|held| held.actor().clone());
        let found = found.or_else(|| match self.only_named {
            true => self.system.find_named(envelope.to),
            false => self.system.find(envelope.to),
        });
        let actor = found.ok_or(Failure::NoSuchActor)?;
        if request.is_for_holders() && self.permits != Control::Any && !is_held {
            return Err(Failure::NotPermitted(
                "only a holder of a reference that was sent in a message may end the actor, or look at it"
                    .into(),
            ));
        }
        Ok((request, actor))
    }

    /// Returns the named actors whose type has that name, and the types of all named actors.
    fn find_type(&self, type_name: &str) -> FoundTypes {
        let mut found = FoundTypes::default();
        for actor in self.system.residents() {
            let urn = actor.urn();
            if self.system.find_named(urn.as_str()).is_none() {
                continue;
            }
            let its_type = short_type_name(actor.type_name());
            if its_type == type_name && found.urns.len() < MAX_FOUND {
                found.urns.push(urn);
            }
            if found.types.len() < MAX_FOUND && !found.types.iter().any(|known| *known == its_type)
            {
                found.types.push(its_type.into());
            }
        }
        found
    }

    fn serve_control(
        &self,
        request: ControlRequest,
        actor: Arc<dyn AnyActor>,
        mut asker: RemoteCaller,
    ) -> Option<Cancellation> {
        if request == ControlRequest::State {
            reply(asker, &actor.state());
            return None;
        }
        let Ok(runtime) = Handle::try_current() else {
            let text = "the broker delivers requests outside of a tokio runtime";
            asker.refuse(Failure::Unsupported(text.into(), Delivery::NotDelivered));
            return None;
        };
        let Some(slot) = WaitSlot::take(self.system.extensions.get()) else {
            asker.refuse(Failure::MailboxFull);
            return None;
        };
        match request {
            ControlRequest::Stop => actor.tell_to_end(Signal::Drain, By::Anyone),
            ControlRequest::StopNow => actor.tell_to_end(Signal::Now, By::Anyone),
            ControlRequest::Kill => actor.tell_to_end(Signal::Kill, By::Anyone),
            ControlRequest::Stopped
            | ControlRequest::Started
            | ControlRequest::State
            | ControlRequest::Snapshot => {}
        }
        if let Some(queued) = asker.queued() {
            // The sender waits for nothing else.
            queued.send();
            return None;
        }
        let cancellation = asker.cancellation().clone();
        runtime.spawn(async move {
            let _slot = slot;
            let lifecycle = actor.lifecycle();
            match request {
                ControlRequest::Started => wait(asker, lifecycle.started()).await,
                ControlRequest::Snapshot => match current_snapshot(&*actor).await {
                    Ok(snapshot) => reply(asker, &snapshot),
                    Err(failure) => asker.refuse(failure),
                },
                _ => wait(asker, lifecycle.wait()).await,
            }
        });
        Some(cancellation)
    }
}

/// Returns the guard of the actor whose reference the peer holds, if the request names its key.
fn kept(envelope: &Envelope<'_>, asker: &RemoteCaller) -> Result<Option<KeepAlive>, Failure> {
    let key = match envelope.body {
        [] => None,
        body => envelope
            .codec
            .decode::<Option<u64>>(body)
            .map_err(invalid)?,
    };
    Ok(key.and_then(|key| asker.scope()?.held(key)))
}

/// Returns the actor of another process that the peer was given the reference of.
fn relayed(envelope: &Envelope<'_>, asker: &RemoteCaller) -> Option<Arc<Remote>> {
    let kept = kept(envelope, asker).ok()??;
    let remote = kept.downcast::<Arc<Remote>>()?;
    (remote.urn() == *envelope.to).then(|| remote.clone())
}

/// Replies with the result of `future`, unless the asker goes before.
async fn wait<T: Serialize>(asker: RemoteCaller, future: impl Future<Output = T>) {
    let mut future = pin!(future);
    let done = poll_fn(|cx| {
        asker.cancellation().register(cx);
        match future.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if asker.cancellation().is_cancelled() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    match done.await {
        Some(result) => reply(asker, &result),
        None => asker.refuse(Failure::Cancelled),
    }
}

fn reply<T: Serialize>(asker: RemoteCaller, reply: &T) {
    // The asker gets an error of the codec.
    let _ = asker.respond(reply);
}

fn invalid(error: CodecError) -> Failure {
    Failure::Codec(Box::new(error), Delivery::NotDelivered)
}
