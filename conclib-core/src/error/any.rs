//! Error of any kind.

use std::error::Error as StdError;
use std::fmt;

use conclib_wire::Fault;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any error, for a `main`, a test or a handler that may fail in many ways: `?` converts every
/// error into it.
///
/// The text printed for an error that `main` returns is its message and those of its sources, not
/// its fields.
///
/// ```
/// let error: conclib::Error = std::io::Error::other("disk on fire").into();
/// assert_eq!(format!("{error:?}"), "disk on fire");
/// ```
///
/// Of an error that a handler returns to another process the texts travel: that of the error, and
/// those of its sources, at most sixteen. An asker that is to tell errors apart needs a type with
/// variants.
///
/// ```
/// use conclib::prelude::*;
///
/// #[actor]
/// struct Parser;
///
/// #[actor]
/// impl Parser {
///     #[message]
///     fn parse(&mut self, text: String) -> conclib::Result<i32> {
///         Ok(text.parse()?)
///     }
/// }
///
/// #[conclib::main]
/// async fn main(system: System) -> conclib::Result {
///     let parser = system.spawn(Parser)?;
///     assert_eq!(parser.parse("42".to_owned()).await?, 42);
///     let error = parser.parse("many".to_owned()).await.unwrap_err();
///     assert_eq!(error.to_string(), "invalid digit found in string");
///     Ok(())
/// }
/// ```
pub struct Error(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Error {
    /// Returns the error itself.
    pub fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    pub(crate) fn into_boxed(self) -> Box<dyn StdError + Send + Sync> {
        self.0
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

/// Maximum number of sources that are decoded: they are dropped one inside of the other.
const SOURCES: usize = 16;

/// Error of another process, of which the texts are known.
#[derive(Debug)]
struct Foreign {
    text: String,
    source: Option<Box<Self>>,
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Foreign {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fault::of(self.as_error()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Fault { message, chain, .. } = Fault::deserialize(deserializer)?;
        let sources = chain.into_iter().take(SOURCES).rev();
        let source = sources.fold(None, |source, text| {
            Some(Box::new(Foreign { text, source }))
        });
        let text = message;
        Ok(Self(Box::new(Foreign { text, source })))
    }
}
