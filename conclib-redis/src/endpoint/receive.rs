//! Packets that come in.

use bytes::Bytes;

use super::find::Finding;
use super::{Counters, Endpoint};
use crate::packet::{Packet, is_fresh};
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
}

impl Endpoint {
    /// Takes a packet from a channel; returns a request that needs an answer.
    pub(super) fn receive(&self, channel: &str, packet: Bytes) -> Option<Asked> {
        if packet.is_empty() {
            // A check of this endpoint has arrived.
            return None;
        }
        if let Some(number) = Packet::pipe(&packet) {
            let pipe = self.lock().pipes.get(&number).cloned();
            // A pipe that has ended here may still be written to there.
            self.pass_on(number, &pipe?, &packet);
            return None;
        }
        let packet = self
            .signer
            .verify(channel, &packet)
            .and_then(|len| Packet::decode(packet.slice(..len)));
        let Some(packet) = packet else {
            Counters::drop_packet(&self.counters.forged, "a packet without a valid signature");
            return None;
        };
        match packet {
            Packet::Find { issued, .. } | Packet::Open { issued, .. } if !is_fresh(issued) => {
                Counters::drop_packet(&self.counters.stale, "a stale request for a pipe");
                None
            }
            Packet::Find {
                find, inbox, urn, ..
            } => Some(Asked::Find { find, inbox, urn }),
            Packet::Open {
                pipe, nonce, inbox, ..
            } => Some(Asked::Open { pipe, nonce, inbox }),
            Packet::Found {
                find,
                node,
                found,
                inbox,
            } => {
                if let Some(asker) = self.lock().finding.get(&find) {
                    // An asker that has what it needs does not listen.
                    let _ = asker.send(Finding {
                        node,
                        found,
                        inbox: (*inbox).into(),
                    });
                }
                None
            }
            Packet::Accept { to, pipe, nonce } => {
                self.accepted(to, pipe, &nonce);
                None
            }
            Packet::Data { .. } | Packet::Read { .. } | Packet::Close { .. } => None,
        }
    }

    /// Passes a packet on to its pipe.
    fn pass_on(&self, number: u64, pipe: &Pipe, packet: &Bytes) {
        let Some(packet) = pipe.verify(packet) else {
            Counters::drop_packet(&self.counters.forged, "a packet without a valid signature");
            return;
        };
        match packet {
            Packet::Data {
                number,
                read,
                bytes,
                ..
            } => match pipe.receive(number, read, bytes) {
                Ok(()) | Err(Misfit::Broken) => {}
                Err(Misfit::Repeated) => {
                    Counters::drop_packet(&self.counters.stale, "a packet that came twice");
                }
            },
            Packet::Read { read, .. } => pipe.was_read(read),
            Packet::Close { .. } => {
                pipe.end(None);
                self.forget(number);
            }
            _ => {}
        }
    }
}
