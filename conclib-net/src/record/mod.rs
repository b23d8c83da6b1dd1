//! Records: the bytes of a connection in signed pieces, so that they arrive as
//! they were sent, or the connection ends.
//!
//! ```text
//! length of the payload (2) | payload (1 to 65535) | tag (16)
//! ```
//!
//! The tag is the first half of an HMAC-SHA256 over the number of the record,
//! counted from 0 in each direction (8 bytes), and the payload. Its key is made
//! from the authkey and the transcript of the handshake, one for each direction,
//! so no record is valid twice, in the other direction, or on another
//! connection. What is written at once becomes one record, so that many small
//! frames share a tag. Nothing is encrypted.

mod reader;
mod writer;

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub(crate) use reader::RecordReader;
pub(crate) use writer::RecordWriter;

#[cfg(test)]
mod tests;

/// Length of the length before a payload.
const PREFIX: usize = 2;
/// Maximum length of a payload, which is never empty.
const MAX_PAYLOAD: usize = u16::MAX as usize;
const TAG: usize = 16;

/// Keys of a connection at one of its ends.
pub(crate) struct RecordKeys {
    pub(crate) outgoing: RecordKey,
    pub(crate) incoming: RecordKey,
}

/// Key of one direction, and the number of its next record.
pub(crate) struct RecordKey {
    mac: Hmac<Sha256>,
    next: u64,
}

impl RecordKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a key with zeros to the block size of SHA-256.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self {
            mac: Hmac::new(&block.into()),
            next: 0,
        }
    }

    /// Starts the MAC of the next record. A connection has fewer than 2^64.
    fn mac(&mut self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&self.next.to_be_bytes());
        mac.update(payload);
        self.next = self.next.wrapping_add(1);
        mac
    }

    /// Appends the record of a payload of 1 to 65535 bytes.
    fn seal(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let len = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(payload);
        let tag = self.mac(payload).finalize().into_bytes();
        out.extend_from_slice(&tag[..TAG]);
    }

    /// Checks the tag of the next record, in constant time.
    fn verify(&mut self, payload: &[u8], tag: &[u8]) -> bool {
        self.mac(payload).verify_truncated_left(tag).is_ok()
    }
}

impl fmt::Debug for RecordKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKeys(..)")
    }
}
