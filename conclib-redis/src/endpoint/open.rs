//! Pipes that this endpoint opens.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Endpoint;
use crate::error::RedisError;
use crate::packet::{Packet, now};
use crate::pipe::{Ends, Pipe};
use crate::signer::{Direction, Nonce, random};

/// Time in which a pipe is accepted.
const ACCEPT: Duration = Duration::from_secs(5);

/// Pipe that was asked for and is not accepted yet.
pub(super) struct Opening {
    there: Arc<str>,
    nonce: Nonce,
    opener: oneshot::Sender<Pipe>,
}

/// Pipe that is removed from its endpoint when it is dropped.
pub(crate) struct Opened {
    pub(crate) pipe: Pipe,
    _number: Number,
}

impl Opened {
    pub(super) fn new(pipe: Pipe, number: Number) -> Self {
        Self {
            pipe,
            _number: number,
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.pipe.end(None);
    }
}

/// Number of a pipe, whose pipe is removed when it is dropped.
pub(super) struct Number {
    number: u64,
    endpoint: Arc<Endpoint>,
}

impl Number {
    pub(super) fn new(number: u64, endpoint: &Arc<Endpoint>) -> Self {
        Self {
            number,
            endpoint: endpoint.clone(),
        }
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        let mut state = self.endpoint.lock();
        state.opening.remove(&self.number);
        state.pipes.remove(&self.number);
    }
}

impl Endpoint {
    /// Opens a pipe to an inbox. `None` if nobody accepts it.
    pub(crate) async fn open(
        self: &Arc<Self>,
        inbox: &Arc<str>,
    ) -> Result<Option<Opened>, RedisError> {
        let (pipe, nonce) = (u64::from_be_bytes(random()?), random()?);
        let (opener, accepted) = oneshot::channel();
        let here = {
            let mut state = self.lock();
            let there = inbox.clone();
            state.opening.insert(
                pipe,
                Opening {
                    there,
                    nonce,
                    opener,
                },
            );
            state.inbox.clone()
        };
        let number = Number::new(pipe, self);
        let open = Packet::Open {
            pipe,
            nonce,
            issued: now(),
            inbox: (*here).into(),
        };
        let open = open.encode(inbox, &self.signer);
        if self.redis.publish(inbox.clone(), open).await? == 0 {
            return Ok(None);
        }
        // A lost connection ends the wait too.
        match timeout(ACCEPT, accepted).await {
            Ok(Ok(pipe)) => Ok(Some(Opened::new(pipe, number))),
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    /// Makes the pipe that a peer has accepted: its next packet may already be for it. False if
    /// nobody waits for the pipe.
    pub(super) fn accepted(&self, number: u64, to: u64, other: &Nonce) -> bool {
        let mut state = self.lock();
        let Some(Opening {
            there,
            nonce,
            opener,
        }) = state.opening.remove(&number)
        else {
            return false;
        };
        let ends = Ends {
            here: state.inbox.clone(),
            there,
            to,
            incoming: self.signer.derive(Direction::ToOpener, &nonce, other),
            outgoing: self.signer.derive(Direction::ToAcceptor, &nonce, other),
        };
        let pipe = Pipe::new(self.redis.clone(), ends);
        if opener.send(pipe.clone()).is_ok() {
            state.pipes.insert(number, pipe);
        }
        true
    }
}
