//! Pipes that this endpoint opens.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Endpoint;
use crate::error::RedisError;
use crate::packet::{Packet, now};
use crate::pipe::{Ends, Pipe};
use crate::signer::{Direction, random};

/// Time in which a pipe is accepted.
const ACCEPT: Duration = Duration::from_secs(5);

/// Pipe that is removed from its endpoint when it is dropped.
pub(crate) struct Opened {
    pub(crate) pipe: Pipe,
    number: u64,
    endpoint: Arc<Endpoint>,
}

impl Opened {
    pub(super) fn new(pipe: Pipe, number: u64, endpoint: Arc<Endpoint>) -> Self {
        Self {
            pipe,
            number,
            endpoint,
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.pipe.end(None);
        self.endpoint.forget(self.number);
    }
}

/// Removes the wait for an answer when it is dropped.
struct Opening<'a>(&'a Endpoint, u64);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.lock().opening.remove(&self.1);
    }
}

impl Endpoint {
    /// Opens a pipe to an inbox. `None` if nobody accepts it.
    pub(crate) async fn open(
        self: &Arc<Self>,
        inbox: &Arc<str>,
    ) -> Result<Option<Opened>, RedisError> {
        let (number, nonce) = (u64::from_be_bytes(random()?), random()?);
        let (send, accepted) = oneshot::channel();
        let here = {
            let mut state = self.lock();
            state.opening.insert(number, send);
            state.inbox.clone()
        };
        let opening = Opening(self, number);
        let open = Packet::Open {
            pipe: number,
            nonce,
            issued: now(),
            inbox: (*here).into(),
        };
        let open = open.encode(inbox, &self.signer);
        if self.redis.publish(inbox.clone(), open).await? == 0 {
            return Ok(None);
        }
        let Ok(Ok((to, other))) = timeout(ACCEPT, accepted).await else {
            return Ok(None);
        };
        drop(opening);
        let ends = Ends {
            here: here.clone(),
            there: inbox.clone(),
            to,
            incoming: self.signer.derive(Direction::ToOpener, &nonce, &other),
            outgoing: self.signer.derive(Direction::ToAcceptor, &nonce, &other),
        };
        let pipe = Pipe::new(self.redis.clone(), ends);
        let mut state = self.lock();
        // The connection was lost meanwhile, and with it the inbox that the peer writes to.
        if state.inbox != here {
            return Ok(None);
        }
        state.pipes.insert(number, pipe.clone());
        drop(state);
        Ok(Some(Opened::new(pipe, number, self.clone())))
    }
}
