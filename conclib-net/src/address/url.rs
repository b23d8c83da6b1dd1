//! Parts of a URL that are the same for all kinds of addresses.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use super::error::AddressError;

/// Number of characters of an invalid URL that an error quotes.
const QUOTED: usize = 200;

/// Shortened URL for an error: without control characters, and without the
/// value of an option that should never have been in it.
pub(super) fn shown(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let mut text = String::new();
    if !scheme.is_empty() {
        text.extend(
            scheme
                .chars()
                .flat_map(char::escape_debug)
                .chain("://".chars()),
        );
    }
    text.extend(rest.chars().flat_map(char::escape_debug));
    if let Some((cut, _)) = text.char_indices().nth(QUOTED) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// Options after the `?`.
pub(super) struct Query<'a> {
    /// Whole URL, for errors.
    pub(super) url: &'a str,
    pub(super) query: &'a str,
}

impl<'a> Query<'a> {
    /// Returns the options, in their order; a part without `=` is an error.
    pub(super) fn options(&self) -> impl Iterator<Item = Result<(&'a str, &'a str), AddressError>> {
        let parts = self.query.split('&').filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('=').ok_or_else(|| self.unknown(part)))
    }

    /// Returns the absolute path that is the value of an option.
    pub(super) fn path(&self, option: &'static str, value: &str) -> Result<PathBuf, AddressError> {
        let path = unescape(value).filter(|path| path.starts_with(b"/") && !path.contains(&0));
        let path = path.ok_or_else(|| self.bad(option, "is no absolute path"))?;
        Ok(OsString::from_vec(path).into())
    }

    pub(super) fn unknown(&self, option: &str) -> AddressError {
        let option = option
            .chars()
            .flat_map(char::escape_debug)
            .take(QUOTED)
            .collect();
        AddressError::Option {
            url: shown(self.url),
            option,
        }
    }

    pub(super) fn bad(&self, option: &'static str, problem: &'static str) -> AddressError {
        AddressError::Value {
            url: shown(self.url),
            option,
            problem,
        }
    }
}

/// Decodes `%` escapes. `None` if one is not two hex digits.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
        bytes.push(u8::try_from(high? * 16 + low?).ok()?);
        rest = after;
    }
    Some(bytes)
}

/// Bytes of a path, displayed with `%` escapes.
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&byte| match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => f.write_char(byte.into()),
            byte if byte.is_ascii_alphanumeric() => f.write_char(byte.into()),
            byte => write!(f, "%{byte:02X}"),
        })
    }
}
