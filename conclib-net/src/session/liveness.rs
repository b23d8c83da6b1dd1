//! Detection of a dead connection: one on which the server does not send any
//! more.

use std::time::Duration;

use conclib_core::wire::{Codec, DeliveryClass, Envelope, Frame, RequestId, Wants};
use tokio::time::Instant;

/// Number of deadlines in a row, without a byte from the server, after which
/// the connection is checked.
const MAX_MISSED: usize = 3;

/// Time in which a live server answers the check. It reads requests
/// independently of its actors.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Name that no actor can have, so that the server answers at once.
const NO_ACTOR: &str = "conclib:nobody";

/// Detects a dead connection: asks end by their deadlines and no byte comes
/// back. The reason may also be a slow actor. So the check is a request to an
/// actor that does not exist, which no actor can delay.
#[derive(Default)]
pub(super) struct Liveness {
    /// Number of deadlines since the last byte.
    missed: usize,
    /// Time at which a connection without a byte is given up.
    until: Option<Instant>,
}

/// Next step for a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Health {
    Fine,
    /// Send the check to the server.
    Probe,
    Dead,
}

impl Liveness {
    /// Time of the next step; `None` without a suspicion.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Counts requests that were not answered in time. `heard` says if a byte
    /// has come since the last call.
    pub(super) fn update(&mut self, now: Instant, late: usize, heard: bool) -> Health {
        if heard {
            *self = Self::default();
        }
        self.missed += late;
        match self.until {
            Some(until) if until <= now => {
                *self = Self::default();
                Health::Dead
            }
            None if self.missed >= MAX_MISSED => {
                self.until = Some(now + PROBE_TIMEOUT);
                Health::Probe
            }
            _ => Health::Fine,
        }
    }
}

/// Builds a request that a server answers at once, whatever its actors do.
pub(super) fn probe(id: RequestId) -> Frame<'static> {
    Frame::Request(Envelope {
        id,
        to: NO_ACTOR,
        message: "ping",
        timeout: PROBE_TIMEOUT,
        trace: "",
        codec: Codec::Json,
        fingerprint: 0,
        wants: Wants::Reply,
        class: DeliveryClass::AtMostOnce,
        attempt: 1,
        priority: None,
        chain: &[],
        body: b"{}",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_ends_every_doubt() {
        let now = Instant::now();
        let mut liveness = Liveness::default();
        assert_eq!(liveness.update(now, 2, false), Health::Fine);
        assert_eq!(liveness.update(now, 2, true), Health::Fine);
        assert_eq!(liveness.update(now, 1, false), Health::Probe);
        assert_eq!(liveness.update(now, 9, false), Health::Fine, "it was asked");
        assert_eq!(liveness.update(now + PROBE_TIMEOUT, 0, true), Health::Fine);
        assert_eq!(liveness.until(), None);
    }

    #[test]
    fn a_connection_that_says_nothing_to_that_is_dead() {
        let now = Instant::now();
        let mut liveness = Liveness::default();
        assert_eq!(liveness.update(now, 3, false), Health::Probe);
        let until = liveness.until().unwrap();
        assert_eq!(
            liveness.update(until - PROBE_TIMEOUT / 2, 0, false),
            Health::Fine
        );
        assert_eq!(liveness.update(until, 0, false), Health::Dead);
    }
}
