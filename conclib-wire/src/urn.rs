//! Names of actors.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Prefix of the library's own actors.
const RESERVED: &str = "conclib:";

/// Maximum number of bytes of a refused URN that its error shows.
const EXCERPT: usize = 64;

/// Name of an actor, unique within its system.
///
/// Give an actor a URN when others are to find it by name; an actor without
/// one gets [`Urn::anonymous`].
///
/// A URN is 1 to 255 bytes of visible ASCII (`!` to `~`) without any of
/// `* ? [ ] { }`, which are wildcards to Redis and to shells. Upper and lower
/// case differ. The prefix `conclib:` belongs to the library's own actors.
/// Cloning a URN copies a pointer.
///
/// Serialised, a URN is a string. Reading one checks everything but the
/// reserved prefix, because the library's own actors are asked over the wire
/// as well.
///
/// # Examples
///
/// ```
/// use conclib_wire::Urn;
///
/// let urn: Urn = "greeter/1".parse()?;
/// assert_eq!(urn, "greeter/1");
/// assert_eq!(urn.to_string(), "greeter/1");
/// assert!(Urn::new("two words").is_err());
/// # Ok::<(), conclib_wire::UrnError>(())
/// ```
#[derive(Clone)]
pub struct Urn(Repr);

#[derive(Clone)]
enum Repr {
    Plain(Arc<str>),
    Detailed(Arc<Name>),
}

/// Name with what errors say about it.
struct Name {
    text: Arc<str>,
    /// Path of the type of the named actor, for errors; known for actors of this process.
    of: Option<&'static str>,
    /// Request that an error is about.
    request: Option<Box<str>>,
    /// True if the actor was killed because the last handle of its system was dropped.
    is_orphan: bool,
}

impl Urn {
    /// Maximum length of a URN, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Urn;
    ///
    /// assert!(Urn::new("a".repeat(Urn::MAX_LEN)).is_ok());
    /// assert!(Urn::new("a".repeat(Urn::MAX_LEN + 1)).is_err());
    /// ```
    pub const MAX_LEN: usize = 255;

    /// Makes a URN of a name that a user chose.
    ///
    /// `FromStr` and `TryFrom` do the same.
    ///
    /// # Errors
    ///
    /// [`UrnError`] when the name is empty, longer than [`Urn::MAX_LEN`]
    /// bytes, has a character that is not allowed, or begins with `conclib:`.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::{Urn, UrnError};
    ///
    /// assert_eq!(Urn::new("greeter")?.as_str(), "greeter");
    /// assert!(matches!(Urn::new("conclib:x"), Err(UrnError::Reserved { .. })));
    /// # Ok::<(), UrnError>(())
    /// ```
    pub fn new(name: impl AsRef<str>) -> Result<Self, UrnError> {
        let urn = Self::checked(name.as_ref())?;
        if urn.is_reserved() {
            return Err(UrnError::Reserved {
                urn: excerpt(urn.as_str()),
            });
        }
        Ok(urn)
    }

    /// Makes a unique URN: `urn:uuid:` and a random UUID.
    ///
    /// Every actor spawned without a name is given one of these.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Urn;
    ///
    /// let urn = Urn::anonymous();
    /// assert!(urn.as_str().starts_with("urn:uuid:"));
    /// assert_ne!(urn, Urn::anonymous());
    /// ```
    #[must_use]
    pub fn anonymous() -> Self {
        let mut buffer = Uuid::encode_buffer();
        Self::unchecked(Uuid::new_v4().urn().encode_lower(&mut buffer))
    }

    /// Returns true for a URN like those that [`anonymous`](Self::anonymous) makes.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.as_str().starts_with("urn:uuid:")
    }

    fn unchecked(text: &str) -> Self {
        Self(Repr::Plain(text.into()))
    }

    fn text(&self) -> &Arc<str> {
        match &self.0 {
            Repr::Plain(text) => text,
            Repr::Detailed(name) => &name.text,
        }
    }

    fn detailed(&self, of: Option<&'static str>, request: Option<Box<str>>) -> Self {
        Self(Repr::Detailed(Arc::new(Name {
            text: self.text().clone(),
            of,
            request,
            is_orphan: self.is_orphan(),
        })))
    }

    fn is_orphan(&self) -> bool {
        matches!(&self.0, Repr::Detailed(name) if name.is_orphan)
    }

    /// Returns the path of the type of the named actor, if it is known.
    fn path(&self) -> Option<&'static str> {
        match &self.0 {
            Repr::Plain(_) => None,
            Repr::Detailed(name) => name.of,
        }
    }

    /// Returns the same name, with the type of its actor.
    #[doc(hidden)]
    #[must_use]
    pub fn of_type(&self, path: &'static str) -> Self {
        self.detailed(Some(path), None)
    }

    /// Returns the same name, for an actor that was killed because the last handle of its system was
    /// dropped.
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn of_dropped_system(&self) -> Self {
        Self(Repr::Detailed(Arc::new(Name {
            text: self.text().clone(),
            of: self.path(),
            request: None,
            is_orphan: true,
        })))
    }

    /// Returns the reason for which the actor has ended, as the end of a clause of an error; empty
    /// if it is not known.
    #[doc(hidden)]
    #[must_use]
    pub fn why_ended(&self) -> &'static str {
        match self.is_orphan() {
            true => ": its system was dropped, and a `System` has to be kept as long as its actors",
            false => "",
        }
    }

    /// Returns the same name, for an error about that request.
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn about(&self, request: &str) -> Self {
        self.detailed(self.path(), Some(request.into()))
    }

    /// Returns the request that the error with this name is about.
    #[doc(hidden)]
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        match &self.0 {
            Repr::Plain(_) => Request(None),
            Repr::Detailed(name) => Request(name.request.as_deref()),
        }
    }

    /// Returns the name in the format of errors: with the type of its actor, if that is known.
    #[doc(hidden)]
    #[must_use]
    pub const fn who(&self) -> Who<'_> {
        Who(self)
    }

    /// Checks a name that a peer wrote, which may be a reserved one.
    #[doc(hidden)]
    pub fn from_wire(name: &str) -> Result<Self, UrnError> {
        Self::checked(name)
    }

    /// Makes the URN of one of the library's own actors, from a name with the reserved prefix.
    ///
    /// For the crates of this workspace; not covered by semantic versioning. The name is a literal
    /// of this workspace, so it is checked in debug builds only.
    #[doc(hidden)]
    #[must_use]
    pub fn reserved(urn: &'static str) -> Self {
        debug_assert!(
            Self::checked(urn).is_ok_and(|urn| urn.is_reserved()),
            "`{urn}` is not a reserved urn"
        );
        Self::unchecked(urn)
    }

    /// Returns the URN as text.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Urn;
    ///
    /// assert_eq!(Urn::new("greeter")?.as_str().len(), 7);
    /// # Ok::<(), conclib_wire::UrnError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text()
    }

    /// Returns true if this is the name of one of the library's own actors.
    ///
    /// A URN that came over a wire may be such a name; check before giving it to an actor.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_wire::Urn;
    ///
    /// assert!(!Urn::new("greeter")?.is_reserved());
    /// # Ok::<(), conclib_wire::UrnError>(())
    /// ```
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.as_str().starts_with(RESERVED)
    }

    /// Checks the grammar, and copies the text only once it has passed.
    fn checked(text: &str) -> Result<Self, UrnError> {
        if text.is_empty() {
            return Err(UrnError::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(UrnError::TooLong {
                urn: excerpt(text),
                len: text.len(),
            });
        }
        match text.char_indices().find(|&(_, ch)| !allowed(ch)) {
            Some((at, ch)) => Err(UrnError::BadCharacter {
                urn: excerpt(text),
                ch,
                at,
            }),
            None => Ok(Self::unchecked(text)),
        }
    }
}

/// Returns the last part of the path of a type, without its parameters.
#[must_use]
pub fn type_name(path: &str) -> &str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

fn allowed(ch: char) -> bool {
    ch.is_ascii_graphic() && !matches!(ch, '*' | '?' | '[' | ']' | '{' | '}')
}

/// Returns the beginning of a refused URN, escaped: the URN may come from an untrusted peer and end
/// up in a log.
fn excerpt(text: &str) -> String {
    let mut shown = String::with_capacity(EXCERPT + 3);
    for ch in text.chars() {
        let escaped = ch.escape_default();
        if shown.len() + escaped.len() > EXCERPT {
            shown.push_str("...");
            break;
        }
        shown.extend(escaped);
    }
    shown
}

/// Reason for which a name was refused as a [`Urn`].
///
/// The field `urn` is the refused name: escaped, and cut after 64 bytes.
///
/// # Examples
///
/// ```
/// use conclib_wire::{Urn, UrnError};
///
/// let error = Urn::new("jobs/*").unwrap_err();
/// assert!(matches!(error, UrnError::BadCharacter { ch: '*', at: 5, .. }));
/// assert!(error.to_string().contains("`jobs/*`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UrnError {
    /// The name has no characters.
    #[error(
        "the urn is empty: give 1 to {} visible ascii characters, \
         or spawn the actor without a urn",
        Urn::MAX_LEN
    )]
    Empty,

    /// The name is longer than [`Urn::MAX_LEN`] bytes.
    #[error(
        "the urn `{urn}` has {len} bytes, and at most {} are allowed: shorten it",
        Urn::MAX_LEN
    )]
    TooLong {
        /// The refused name, escaped and cut.
        urn: String,
        /// Length of the name in bytes.
        len: usize,
    },

    /// The name has a character that is not allowed.
    #[error(
        "the urn `{urn}` has {ch:?} at byte {at}: \
         use visible ascii without spaces and without any of * ? [ ] {{ }}"
    )]
    BadCharacter {
        /// The refused name, escaped and cut.
        urn: String,
        /// The first character that is not allowed.
        ch: char,
        /// Position of that character, in bytes.
        at: usize,
    },

    /// The name begins with `conclib:`.
    #[error("the urn `{urn}` begins with `{RESERVED}`, which is reserved: choose another prefix")]
    Reserved {
        /// The refused name, escaped and cut.
        urn: String,
    },
}

/// Actor in an error: `Greeter (urn)`, or the name alone.
#[derive(Debug)]
pub struct Who<'a>(&'a Urn);

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.path() {
            Some(path) => write!(f, "{} ({})", type_name(path), self.0),
            None => write!(f, "`{}`", self.0),
        }
    }
}

/// Name of a request in an error; "the request" if it is not known.
#[derive(Debug)]
pub struct Request<'a>(Option<&'a str>);

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "`{name}`"),
            None => f.write_str("the request"),
        }
    }
}

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Urn {
    type Err = UrnError;

    fn from_str(text: &str) -> Result<Self, UrnError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for Urn {
    type Error = UrnError;

    fn try_from(text: &str) -> Result<Self, UrnError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Urn {
    type Error = UrnError;

    fn try_from(text: String) -> Result<Self, UrnError> {
        Self::new(text)
    }
}

impl AsRef<str> for Urn {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// Lookup by `&str` in maps keyed by URN: `Eq`, `Ord` and `Hash` are those of the text.
impl Borrow<str> for Urn {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Urn").field(&self.as_str()).finish()
    }
}

impl PartialEq for Urn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.text(), other.text()) || self.as_str() == other.as_str()
    }
}

impl Eq for Urn {}

impl PartialOrd for Urn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Urn {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Urn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq<str> for Urn {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Urn {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for Urn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Urn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `deserialize_str`, not `deserialize_string`: the check comes before the first copy.
        deserializer.deserialize_str(UrnVisitor)
    }
}

struct UrnVisitor;

impl Visitor<'_> for UrnVisitor {
    type Value = Urn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a urn")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Urn, E> {
        Urn::checked(text).map_err(E::custom)
    }
}
