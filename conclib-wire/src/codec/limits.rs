//! The bounds of one body, shared by reading and writing.

use std::cell::Cell;
use std::fmt;

use super::{CodecError, MAX_DEPTH, MAX_ELEMENTS};

/// What one body has left, and which bound it broke.
///
/// The error types in between belong to the codecs, so the bound is noted
/// here for the outermost caller to find, whatever became of the error.
pub(super) struct Budget {
    elements: Cell<usize>,
    broken: Cell<Option<Broken>>,
}

/// A bound that was broken.
#[derive(Clone, Copy)]
pub(super) enum Broken {
    Depth,
    Elements,
    /// A field was left out, and the format cannot say so.
    Skipped,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            elements: Cell::new(MAX_ELEMENTS),
            broken: Cell::new(None),
        }
    }

    /// Which bound was broken, if any was.
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

/// The bounds as seen from one place in the value.
///
/// The levels go by value and come back by themselves when a branch ends; the
/// elements are the whole body's.
#[derive(Clone, Copy)]
pub(super) struct Limits<'b> {
    levels: usize,
    budget: &'b Budget,
}

impl<'b> Limits<'b> {
    pub(super) const fn new(budget: &'b Budget, levels: usize) -> Self {
        Self { levels, budget }
    }

    /// The bounds one level down.
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
