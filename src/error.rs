//! Any error, for `main` and for tests.

use std::error::Error as StdError;
use std::fmt;

/// Any error, for a `main` or a test that may fail in many ways: `?` converts
/// every error into it.
///
/// The text printed for an error that `main` returns is its message and those
/// of its sources, not its fields.
///
/// ```
/// let error: conclib::Error = std::io::Error::other("disk on fire").into();
/// assert_eq!(format!("{error:?}"), "disk on fire");
/// ```
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        // Skips sources whose text is already in the text before them.
        for source in std::iter::successors(self.0.source(), |source| (*source).source()) {
            let text = source.to_string();
            if !said.contains(&text) {
                write!(f, "\n  because {text}")?;
            }
            said = text;
        }
        Ok(())
    }
}

impl Error {
    /// Returns the error itself.
    pub fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }
}

/// Lets a hook of an actor fail with any error too.
impl conclib_core::__private::HookError for Error {
    fn into_box(self) -> Box<dyn StdError + Send + Sync> {
        self.0
    }
}
