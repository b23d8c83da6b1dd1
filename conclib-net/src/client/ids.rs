//! Ids of requests.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use conclib_core::wire::RequestId;

/// Makes UUIDv7s that no other client makes, from the time in milliseconds, a
/// counter, and random bits of this client. None of these is a secret.
pub(super) struct Ids {
    /// 42 random bits.
    client: u128,
    counter: AtomicU32,
}

impl Ids {
    pub(super) fn new() -> io::Result<Self> {
        let client = u128::from(getrandom::u64()? >> 22);
        Ok(Self {
            client,
            counter: AtomicU32::new(0),
        })
    }

    pub(super) fn next(&self) -> RequestId {
        let millis = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let counter = u128::from(self.counter.fetch_add(1, Ordering::Relaxed));
        // 48 bits of time, the version, 12 of the counter, the variant, the
        // other 20 of the counter, 42 of the client.
        let high = (millis & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | counter >> 20;
        let low = 0b10 << 62 | (counter & 0xF_FFFF) << 42 | self.client;
        RequestId::from_u128(high << 64 | low)
    }
}
