//! Writer that stops at the maximum length of a body.

use std::io;

use bincode::enc::write::Writer;
use bincode::error::EncodeError;

use super::limits::Budget;
use super::{CodecError, MAX_BODY, MAX_ELEMENTS};

/// Writer that appends to a buffer, and refuses bytes that would make the body longer than
/// [`MAX_BODY`]: encoding a value of a gigabyte stops after its first 8 MiB.
pub(super) struct Capped<'o> {
    out: &'o mut Vec<u8>,
    /// Length of `out` before the body.
    start: usize,
}

impl<'o> Capped<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    /// Checks the number of elements in the written body. Removes its bytes after an error.
    pub(super) fn finish<E>(
        self,
        written: Result<(), E>,
        budget: &Budget,
        error: impl FnOnce(&E) -> CodecError,
    ) -> Result<(), CodecError> {
        let len = self.out.len() - self.start;
        let failed = match &written {
            Ok(()) if budget.is_overdrawn(len) => Some(CodecError::TooManyElements {
                limit: MAX_ELEMENTS,
            }),
            Ok(()) => None,
            Err(cause) => Some(match budget.broken() {
                // The writer allows as many elements as a body has bytes.
                Some(CodecError::TooManyElements { .. }) => {
                    CodecError::TooLarge { limit: MAX_BODY }
                }
                Some(broken) => broken,
                None => error(cause),
            }),
        };
        match failed {
            None => Ok(()),
            Some(failed) => {
                self.out.truncate(self.start);
                Err(failed)
            }
        }
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) -> Result<(), BodyFull> {
        if bytes.len() > MAX_BODY - (self.out.len() - self.start) {
            return Err(BodyFull);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }
}

struct BodyFull;

impl Writer for Capped<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.append(bytes)
            .map_err(|BodyFull| EncodeError::UnexpectedEnd)
    }
}

impl io::Write for Capped<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.append(bytes)
            .map_err(|BodyFull| io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
