//! Shared secret of the two ends of a TCP link.

use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read as _};
use std::iter::once;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use sha2::Sha256;

/// Environment variable with the key in hex, which is used if no other source
/// is given.
pub(crate) const VARIABLE: &str = "CONCLIB_AUTHKEY";

const MIN: usize = 16;
/// Block size of SHA-256. HMAC pads a shorter key with zeros up to this size,
/// and would hash a longer one.
const MAX: usize = 64;

/// Shared secret of 16 to 64 bytes, by which the two ends of a link
/// authenticate each other.
///
/// TCP needs a key. A unix socket checks the user of the other process, and
/// asks for a key in addition only if one is given. Both ends need the same
/// key, which is never sent: each end proves that it has it.
///
/// Only [`to_hex`](Self::to_hex) shows the key: no `Debug`, no error and no log
/// does. Clones share one copy, which is overwritten when the last one is
/// dropped. Safe code can do no more: moves and the swap of the system may have
/// left other copies.
///
/// Text forms of a key, in a file or in the environment, are always hex.
///
/// # Change of the key
///
/// A second key is accepted, and never used to sign or to prove: so a key is
/// changed process by process, while all others run. The second one comes from
/// [`accepting`](Self::accepting), or stands after the first in a text form,
/// with white space or a line break between them. All processes are started
/// anew three times:
///
/// 1. with the old key, and the new one as the second: all accept both;
/// 2. with the new key, and the old one as the second: none uses the old one
///    any more;
/// 3. with the new key alone.
///
/// # Examples
///
/// ```
/// use conclib_net::AuthKey;
///
/// let key = AuthKey::random()?;
/// let same = AuthKey::from_hex(&key.to_hex())?;
/// assert_eq!(same.to_hex().len(), 64);
/// assert_eq!(format!("{key:?}"), "AuthKey(..)");
/// # Ok::<(), conclib_net::KeyError>(())
/// ```
#[derive(Clone)]
pub struct AuthKey {
    first: Arc<Secret>,
    second: Option<Arc<Secret>>,
}

struct Secret {
    block: [u8; MAX],
    len: usize,
}

impl Secret {
    fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.as_bytes();
        if digits.len() > 2 * MAX {
            return Err(KeyError::Length {
                len: digits.len() / 2,
            });
        }
        let mut secret = Self {
            block: [0; MAX],
            len: digits.len() / 2,
        };
        let (pairs, rest) = digits.as_chunks::<2>();
        for (byte, pair) in secret.block.iter_mut().zip(pairs) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            let value = high.zip(low).map(|(high, low)| high * 16 + low);
            *byte = value
                .and_then(|value| u8::try_from(value).ok())
                .ok_or(KeyError::NotHex)?;
        }
        match secret.len {
            _ if !rest.is_empty() => Err(KeyError::NotHex),
            MIN..=MAX => Ok(secret),
            len => Err(KeyError::Length { len }),
        }
    }
}

impl From<Secret> for AuthKey {
    fn from(secret: Secret) -> Self {
        Self {
            first: Arc::new(secret),
            second: None,
        }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.block.fill(0);
        // Keeps the compiler from removing the writes as unused.
        black_box(&self.block);
    }
}

impl AuthKey {
    /// Makes a new key of 32 random bytes, for a program that passes it to its
    /// own children.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] if the system has no random bytes.
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        let filled = getrandom::fill(&mut bytes);
        let key = Self::from_bytes(bytes);
        bytes.fill(0);
        black_box(&bytes);
        filled.map_err(|error| KeyError::Random(error.into()))?;
        key
    }

    /// Makes a key from 16 to 64 bytes. They should be random: from a recorded
    /// handshake an attacker can test guesses offline.
    ///
    /// # Errors
    ///
    /// [`KeyError::Length`].
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_net::{AuthKey, KeyError};
    ///
    /// let error = AuthKey::from_bytes("secret").unwrap_err();
    /// assert!(matches!(error, KeyError::Length { len: 6 }));
    /// ```
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let bytes = bytes.as_ref();
        let len = bytes.len();
        if !(MIN..=MAX).contains(&len) {
            return Err(KeyError::Length { len });
        }
        let mut secret = Secret {
            block: [0; MAX],
            len,
        };
        secret.block[..len].copy_from_slice(bytes);
        Ok(secret.into())
    }

    /// Accepts a second key, too. Of a key that has a second one itself, only the
    /// first is taken; a former second key is replaced.
    ///
    /// # Examples
    ///
    /// A process on its way from an old key to a new one:
    ///
    /// ```
    /// use conclib_net::AuthKey;
    ///
    /// let (old, new) = (AuthKey::random()?, AuthKey::random()?);
    /// let key = new.clone().accepting(&old);
    /// assert_eq!(key.to_hex(), format!("{} {}", new.to_hex(), old.to_hex()));
    /// # Ok::<(), conclib_net::KeyError>(())
    /// ```
    #[must_use]
    pub fn accepting(self, second: &Self) -> Self {
        Self {
            second: Some(second.first.clone()),
            ..self
        }
    }

    /// Returns the second key alone.
    #[doc(hidden)]
    #[must_use]
    pub fn second(&self) -> Option<Self> {
        let first = self.second.clone()?;
        let second = None;
        Some(Self { first, second })
    }

    /// Parses a key from hex digits, or two keys with white space between them;
    /// other white space is skipped.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotHex`], [`KeyError::Length`] and [`KeyError::TooMany`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut keys = text.split_ascii_whitespace();
        let key = Secret::from_hex(keys.next().unwrap_or_default())?;
        let second = keys.next().map(Secret::from_hex).transpose()?;
        match keys.next() {
            None => Ok(Self {
                first: Arc::new(key),
                second: second.map(Arc::new),
            }),
            Some(_) => Err(KeyError::TooMany),
        }
    }

    /// Reads a key from a file with hex digits, such as the output of `openssl
    /// rand -hex 32`; or two keys, one line for each.
    ///
    /// The file must be a regular one, belong to the user of this process, and
    /// have mode 0600 or 0400.
    ///
    /// # Errors
    ///
    /// [`KeyError::File`] with the path if it cannot be read,
    /// [`KeyError::Exposed`] if others may read or write it, or own it, and the
    /// errors of [`from_hex`](Self::from_hex).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let unreadable = |source| KeyError::File {
            path: path.to_owned(),
            source,
        };
        // A pipe without a writer would block the open for ever.
        let flags = OFlag::O_NONBLOCK.bits();
        let file = File::options()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .map_err(unreadable)?;
        // Checks the open file, not its name: the file cannot be swapped
        // between check and use.
        let metadata = file.metadata().map_err(unreadable)?;
        let private = metadata.is_file()
            && metadata.uid() == geteuid().as_raw()
            && matches!(metadata.mode() & 0o7777, 0o600 | 0o400);
        if !private {
            return Err(KeyError::Exposed {
                path: path.to_owned(),
            });
        }
        let mut text = String::new();
        let limit = 4 * MAX as u64 + 64;
        let read = file
            .take(limit)
            .read_to_string(&mut text)
            .map_err(unreadable);
        let key = read.and_then(|_| Self::from_hex(&text));
        forget(text);
        key
    }

    /// Reads the key from `CONCLIB_AUTHKEY`, in hex, or two keys with a space
    /// between them. `None` if there is no such variable.
    ///
    /// # Errors
    ///
    /// [`KeyError::Variable`] if it holds no key.
    pub fn from_env() -> Result<Option<Self>, KeyError> {
        let Some(text) = std::env::var_os(VARIABLE) else {
            return Ok(None);
        };
        let text = text.into_string().map_err(|_| KeyError::NotHex);
        let key = text.and_then(|text| {
            let key = Self::from_hex(&text);
            forget(text);
            key
        });
        key.map(Some)
            .map_err(|error| KeyError::Variable(Box::new(error)))
    }

    /// Returns the key as hex digits, and a second one after a space: for the
    /// file or the pipe by which the other end gets it, and for nothing else.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let mut hex = String::new();
        for secret in once(&self.first).chain(&self.second) {
            if !hex.is_empty() {
                hex.push(' ');
            }
            let bytes = &secret.block[..secret.len];
            let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            hex.extend(halves.filter_map(hex_digit));
        }
        hex
    }

    /// Starts a MAC under this key, not under the second one.
    #[doc(hidden)]
    #[must_use]
    pub fn mac(&self) -> Hmac<Sha256> {
        Hmac::new(&self.first.block.into())
    }

    /// Checks a MAC in constant time.
    pub(crate) fn verify(mac: Hmac<Sha256>, tag: &[u8]) -> bool {
        mac.verify_slice(tag).is_ok()
    }
}

fn hex_digit(value: u8) -> Option<char> {
    char::from_digit(value.into(), 16)
}

/// Overwrites a text that held a key.
fn forget(text: String) {
    let mut bytes = text.into_bytes();
    bytes.fill(0);
    black_box(&bytes);
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(..)")
    }
}

/// Reason why there is no [`AuthKey`]. The error never quotes a key.
///
/// # Examples
///
/// ```
/// use conclib_net::{AuthKey, KeyError};
///
/// let error = AuthKey::from_hex("not hex, but maybe a password").unwrap_err();
/// assert!(matches!(error, KeyError::NotHex));
/// assert!(!error.to_string().contains("password"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is shorter than 16 bytes, or longer than 64.
    #[error(
        "an authkey of {len} bytes: it must have {MIN} to {MAX}, make one with `openssl rand -hex 32`"
    )]
    Length {
        /// Length of the key in bytes.
        len: usize,
    },
    /// The key is not written in hex digits, two for each byte.
    #[error(
        "an authkey is written in hex digits, two for each byte: make one with `openssl rand -hex 32`"
    )]
    NotHex,
    /// The text holds more than two keys.
    #[error("more than two authkeys: there is one key, and at most a second one that is accepted")]
    TooMany,
    /// The file cannot be read.
    #[error("the authkey file `{}` cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file belongs to another user, or others may read or write it.
    #[error(
        "the authkey file `{}` is not private to this user: it must be a regular file of \
         this user, `chmod 600` it",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The environment variable holds no key.
    #[error("the variable {VARIABLE} holds no authkey")]
    Variable(#[source] Box<KeyError>),
    /// The system has no random bytes.
    #[error("the system gave no random bytes for an authkey")]
    Random(#[source] io::Error),
}
