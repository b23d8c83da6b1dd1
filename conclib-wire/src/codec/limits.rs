//! Limits of one body, shared by encoding and decoding.

use std::cell::Cell;
use std::fmt;

use super::{CodecError, MAX_BODY, MAX_DEPTH, MAX_ELEMENTS};

/// Remaining budget of one body, and the limit that was exceeded.
///
/// The error types on the way belong to the codecs, so the limit is noted here, where the outermost
/// caller finds it.
pub(super) struct Budget {
    elements: Cell<usize>,
    broken: Cell<Option<Broken>>,
}

/// Limit that was exceeded.
#[derive(Clone, Copy)]
pub(super) enum Broken {
    Depth,
    Elements,
    /// A field was left out, and the format cannot express that.
    Skipped,
}

impl Budget {
    /// Creates the budget for a value that is written.
    pub(super) const fn of_writer() -> Self {
        Self::new(MAX_BODY)
    }

    /// Creates the budget for a body of `len` bytes that is read. An element that takes up bytes is
    /// paid by them.
    pub(super) const fn of_body(len: usize) -> Self {
        Self::new(if len > MAX_ELEMENTS {
            len
        } else {
            MAX_ELEMENTS
        })
    }

    const fn new(elements: usize) -> Self {
        Self {
            elements: Cell::new(elements),
            broken: Cell::new(None),
        }
    }

    /// Tests if a value of `len` bytes was written with more elements than are read again.
    pub(super) fn is_overdrawn(&self, len: usize) -> bool {
        MAX_BODY - self.elements.get() > len.max(MAX_ELEMENTS)
    }

    /// Returns the error of the exceeded limit, if there is one.
    pub(super) fn broken(&self) -> Option<CodecError> {
        self.broken.get().map(|broken| match broken {
            Broken::Depth => CodecError::TooDeep { limit: MAX_DEPTH },
            Broken::Elements => CodecError::TooManyElements {
                limit: MAX_ELEMENTS,
            },
            Broken::Skipped => CodecError::NotSelfDescribing,
        })
    }
}

/// Limits at one place in the value.
///
/// The number of levels is copied, so it is restored when a branch ends; the elements are counted
/// over the whole body.
#[derive(Clone, Copy)]
pub(super) struct Limits<'b> {
    levels: usize,
    budget: &'b Budget,
}

impl<'b> Limits<'b> {
    pub(super) const fn new(budget: &'b Budget, levels: usize) -> Self {
        Self { levels, budget }
    }

    /// Returns the limits one level down.
    #[inline]
    pub(super) fn deeper(self) -> Result<Self, Broken> {
        match self.levels.checked_sub(1) {
            Some(levels) => Ok(Self { levels, ..self }),
            None => Err(self.broken(Broken::Depth)),
        }
    }

    /// Takes `count` elements from the body's budget.
    #[inline]
    pub(super) fn take(self, count: usize) -> Result<(), Broken> {
        match self.budget.elements.get().checked_sub(count) {
            Some(left) => {
                self.budget.elements.set(left);
                Ok(())
            }
            None => Err(self.broken(Broken::Elements)),
        }
    }

    #[cold]
    pub(super) fn broken(self, broken: Broken) -> Broken {
        self.budget.broken.set(Some(broken));
        broken
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Depth => "nested too deep",
            Self::Elements => "too many elements",
            Self::Skipped => "a field was left out",
        })
    }
}
