//! Ids of requests.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use conclib_core::wire::RequestId;

/// Number of ids for which the clock is read once.
const PER_READING: u32 = 256;

/// Source of ids for requests: UUIDv7s that no other source makes, from the time in
/// milliseconds, a counter, and random bits of this source. None of these is a
/// secret. The counter makes ids differ; the time only needs to grow.
///
/// ```
/// let ids = conclib_net::RequestIds::new()?;
/// assert!(ids.next() < ids.next());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RequestIds {
    /// 42 random bits.
    session: u128,
    counter: AtomicU32,
    /// Time of the last reading of the clock, in milliseconds.
    millis: AtomicU64,
}

impl RequestIds {
    /// Makes a source.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn new() -> io::Result<Self> {
        let session = u128::from(getrandom::u64()? >> 22);
        Ok(Self {
            session,
            counter: AtomicU32::new(0),
            millis: AtomicU64::new(0),
        })
    }

    /// Makes the next id.
    #[must_use]
    pub fn next(&self) -> RequestId {
        let counter = self.counter.fetch_add(1, Ordering::Relaxed);
        if counter.is_multiple_of(PER_READING) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let millis = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
            self.millis.fetch_max(millis, Ordering::Relaxed);
        }
        let millis = u128::from(self.millis.load(Ordering::Relaxed));
        let counter = u128::from(counter);
        // 48 bits of time, the version, 12 of the counter, the variant, the
        // other 20 of the counter, 42 of the session.
        let high = (millis & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | counter >> 20;
        let low = 0b10 << 62 | (counter & 0xF_FFFF) << 42 | self.session;
        RequestId::from_u128(high << 64 | low)
    }
}
