//! Requests of other endpoints, and the sessions that they open.

use std::sync::Arc;
use std::time::Duration;

use conclib_core::wire::{NodeId, Origin};
use conclib_net::{LinkLimits, Session};
use tokio::sync::watch;
use tokio::time::timeout;

use super::open::{Number, Opened};
use super::receive::Asked;
use super::{Endpoint, MAX_PIPES, Served};
use crate::error::RedisError;
use crate::packet::Packet;
use crate::pipe::{Ends, Pipe};
use crate::signer::{Direction, Nonce, random};

/// Time for the last word to a peer.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Phase of an endpoint that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// Answers what is under way, and refuses new requests.
    Refusing,
    /// Sends the last answers, and ends the sessions.
    Closing,
}

impl Endpoint {
    /// Answers a request of another endpoint, and runs the session that it opens.
    pub(super) async fn answer(self: Arc<Self>, asked: Asked, phases: watch::Receiver<Phase>) {
        let answered = match asked {
            Asked::Find { find, inbox, urn } => {
                let is_serving = *phases.borrow() == Phase::Serving;
                self.answer_find(find, inbox.into(), &urn, is_serving).await
            }
            Asked::Open { pipe, nonce, inbox } => {
                self.accept(pipe, nonce, inbox.into(), phases).await
            }
            Asked::Farewells => {
                self.say_farewells().await;
                Ok(())
            }
        };
        if let Err(error) = answered {
            tracing::debug!(target: "conclib::redis", %error, "a request was not answered");
        }
    }

    async fn answer_find(
        &self,
        find: u64,
        inbox: Arc<str>,
        urn: &str,
        is_serving: bool,
    ) -> Result<(), RedisError> {
        let served = self.served.get();
        let here = self.lock().inbox.clone();
        let packet = Packet::Found {
            find,
            node: served.map_or(NodeId::from_bits(0), |served| served.inlet.node()),
            found: served
                .filter(|_| is_serving)
                .and_then(|served| served.inlet.find(urn)),
            inbox: (*here).into(),
        };
        let packet = packet.encode(&inbox, &self.signer);
        self.redis.publish(inbox, packet).await.map(drop)
    }

    async fn accept(
        self: &Arc<Self>,
        to: u64,
        other: Nonce,
        there: Arc<str>,
        phases: watch::Receiver<Phase>,
    ) -> Result<(), RedisError> {
        let (number, nonce) = (u64::from_be_bytes(random()?), random()?);
        let Some(served) = self
            .served
            .get()
            .filter(|_| *phases.borrow() == Phase::Serving)
        else {
            return Ok(());
        };
        let pipe = {
            let mut state = self.lock();
            if state.pipes.len() >= MAX_PIPES {
                tracing::warn!(target: "conclib::redis", limit = MAX_PIPES, "refused a pipe: too many");
                return Ok(());
            }
            let ends = Ends {
                here: state.inbox.clone(),
                there: there.clone(),
                to,
                incoming: self.signer.derive(Direction::ToAcceptor, &other, &nonce),
                outgoing: self.signer.derive(Direction::ToOpener, &other, &nonce),
            };
            let pipe = Pipe::new(self.redis.clone(), ends);
            state.pipes.insert(number, pipe.clone());
            pipe
        };
        let opened = Opened::new(pipe, Number::new(number, self));
        let accept = Packet::Accept {
            to,
            pipe: number,
            nonce,
        };
        let accept = accept.encode(&there, &self.signer);
        if self.redis.publish(there.clone(), accept).await? > 0 {
            let name = there.rsplit(':').next().unwrap_or_default();
            let origin = Origin::Peer(format!("redis client {name}").into());
            serve(&opened, served, origin, phases, &self.url.to_string()).await?;
        }
        Ok(())
    }
}

/// Serves the peer of a pipe, until either side ends it.
async fn serve(
    opened: &Opened,
    served: &Served,
    origin: Origin,
    mut phases: watch::Receiver<Phase>,
    url: &str,
) -> Result<(), RedisError> {
    let session = Session::new(origin, LinkLimits::default())?.with_scope(served.scope.clone());
    session.serve(&served.inlet, url);
    opened.pipe.carries(&session);
    let _end = EndOnDrop(session.clone());
    let (reader, writer) = opened.pipe.split();
    let mut running = std::pin::pin!(session.run(reader, writer));
    let end = loop {
        tokio::select! {
            biased;
            end = &mut running => break end,
            changed = phases.changed() => match changed.map(|()| *phases.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Refusing) => session.refuse_new(),
                Ok(Phase::Closing) | Err(_) => {
                    session.close();
                    break running.await;
                }
            },
        }
    };
    tracing::debug!(target: "conclib::redis", "a client is disconnected: {end}");
    let _ = timeout(LAST_WORD, opened.pipe.close()).await;
    Ok(())
}

/// Fails all requests of a session when its task ends in any way.
pub(crate) struct EndOnDrop(pub(crate) Session);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}
