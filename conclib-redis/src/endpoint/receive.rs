//! Packets that come in.

use bytes::Bytes;

use super::Endpoint;
use super::find::Finding;
use crate::packet::{MAX_PACKET, Packet, is_fresh};
use crate::pipe::{Misfit, Pipe};
use crate::signer::Nonce;

/// Request of another endpoint.
pub(super) enum Asked {
    Find {
        find: u64,
        inbox: Box<str>,
        urn: Box<str>,
    },
    Open {
        pipe: u64,
        nonce: Nonce,
        inbox: Box<str>,
    },
    /// The peer of a broken pipe has to be told.
    Farewells,
}

impl Endpoint {
    /// Takes a packet from a channel; returns a request that needs an answer.
    pub(super) fn receive(&self, channel: &str, packet: Bytes) -> Option<Asked> {
        if packet.is_empty() {
            // A check of this endpoint has arrived.
            return None;
        }
        if packet.len() > MAX_PACKET {
            self.counters.drop_forged();
            return None;
        }
        if let Some(number) = Packet::pipe(&packet) {
            let pipe = self.lock().pipes.get(&number).cloned();
            let Some(pipe) = pipe else {
                // A pipe that has ended here may still be written to there.
                self.counters
                    .drop_stale("a packet for a pipe that has ended");
                return None;
            };
            return self.pass_on(number, &pipe, &packet);
        }
        let packet = self
            .signer
            .verify(channel, &packet)
            .and_then(|len| Packet::decode(packet.slice(..len)));
        let Some(packet) = packet else {
            self.counters.drop_forged();
            return None;
        };
        match packet {
            Packet::Find {
                find,
                issued,
                inbox,
                urn,
            } => self
                .is_new(issued, find.into())
                .then_some(Asked::Find { find, inbox, urn }),
            Packet::Open {
                pipe,
                nonce,
                issued,
                inbox,
            } => self
                .is_new(issued, u128::from_be_bytes(nonce))
                .then_some(Asked::Open { pipe, nonce, inbox }),
            Packet::Found {
                find,
                node,
                found,
                inbox,
            } => {
                let inbox = (*inbox).into();
                let finding = Finding { node, found, inbox };
                let asker = self.lock().finding.get(&find).cloned();
                if asker.is_none_or(|asker| asker.send(finding).is_err()) {
                    self.counters.drop_stale("an answer for which nobody waits");
                }
                None
            }
            Packet::Accept { to, pipe, nonce } => {
                if !self.accepted(to, pipe, &nonce) {
                    self.counters.drop_stale("an answer for which nobody waits");
                }
                None
            }
            Packet::Data { .. } | Packet::Read { .. } | Packet::Close { .. } => None,
        }
    }

    /// Tells whether a request is not stale, not from the future, and was not seen.
    fn is_new(&self, issued: u64, id: u128) -> bool {
        // Without a key anybody may ask anything, and could fill the memory of what was seen.
        let is_new =
            is_fresh(issued) && (!self.signer.has_key() || self.lock().seen.insert(issued, id));
        if !is_new {
            self.counters
                .drop_stale("a request that came twice, or is stale");
        }
        is_new
    }

    /// Passes a packet on to its pipe.
    fn pass_on(&self, number: u64, pipe: &Pipe, packet: &Bytes) -> Option<Asked> {
        let Some(packet) = pipe.verify(packet) else {
            self.counters.drop_forged();
            return None;
        };
        match packet {
            Packet::Data {
                number: nth,
                read,
                bytes,
                ..
            } => match pipe.receive(nth, read, bytes) {
                Ok(()) => {}
                Err(Misfit::Repeated) => self.counters.drop_stale("a packet that came twice"),
                Err(Misfit::Broken) => {
                    let mut state = self.lock();
                    state.pipes.remove(&number);
                    state.farewells.push(pipe.farewell());
                    return Some(Asked::Farewells);
                }
            },
            Packet::Read { read, .. } => pipe.was_read(read),
            Packet::Close { .. } => {
                pipe.end(None);
                self.lock().pipes.remove(&number);
            }
            _ => {}
        }
        None
    }
}
