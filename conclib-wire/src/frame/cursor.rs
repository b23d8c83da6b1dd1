//! Cursor that reads the parts of a frame in order.

use uuid::Uuid;

use super::FrameError;
use crate::chain::MAX_CHAIN;
use crate::codec::Codec;
use crate::envelope::RequestId;

/// Returns the length of a chain, if it is valid.
pub(super) fn chain_len(chain: &[u8]) -> Result<u16, FrameError> {
    let bad = FrameError::BadChain(chain.len());
    match u16::try_from(chain.len()) {
        Ok(len) if (1..=MAX_CHAIN).contains(&chain.len()) => Ok(len),
        _ => Err(bad),
    }
}

/// Bytes that are still to be read.
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(FrameError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FrameError::Truncated)?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, FrameError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn id(&mut self) -> Result<RequestId, FrameError> {
        self.array().map(Uuid::from_bytes)
    }

    pub(super) fn codec(&mut self) -> Result<Codec, FrameError> {
        let id = self.byte()?;
        Codec::from_id(id).ok_or(FrameError::UnknownCodec(id))
    }

    pub(super) fn name(&mut self) -> Result<&'a str, FrameError> {
        let len = self.byte()?;
        std::str::from_utf8(self.take(len.into())?).map_err(|_| FrameError::BadName)
    }

    pub(super) fn attempt(&mut self) -> Result<u32, FrameError> {
        match u32::from_be_bytes(self.array()?) {
            attempt @ 0..2 => Err(FrameError::BadAttempt(attempt)),
            attempt => Ok(attempt),
        }
    }

    pub(super) fn chain(&mut self) -> Result<&'a [u8], FrameError> {
        let len = u16::from_be_bytes(self.array()?);
        let chain = self.take(len.into())?;
        chain_len(chain).map(|_| chain)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
