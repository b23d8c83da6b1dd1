//! Parts of a URL.

use super::UrlError;
use super::error::{invalid, syntax};

/// Maximum length of a namespace.
const MAX_NAMESPACE: usize = 64;

pub(super) fn number(text: &str) -> Result<u8, UrlError> {
    match text {
        "" => Ok(0),
        text => text
            .parse()
            .map_err(|_| syntax("the database is no number up to 255")),
    }
}

/// Splits a login into the user and the password.
pub(super) fn names(login: &str) -> Result<(Option<String>, Option<String>), UrlError> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let named = |text: &str| unescape(text).map(|text| Some(text).filter(|text| !text.is_empty()));
    Ok((named(user)?, named(password)?))
}

pub(super) fn namespace(text: String) -> Result<String, UrlError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (1..=MAX_NAMESPACE).contains(&text.len()) && text.bytes().all(allowed) {
        true => Ok(text),
        false => Err(invalid(
            "ns",
            "is not 1 to 64 letters, digits, `.`, `_` or `-`",
        )),
    }
}

pub(super) fn host_and_port(text: &str, default: u16) -> Result<(String, u16), UrlError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => return Err(syntax("the bracket of an IPv6 address is not closed")),
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let allowed = |char: char| char.is_ascii_alphanumeric() || ".-_:".contains(char);
    if host.is_empty() || !host.chars().all(allowed) {
        return Err(syntax("the host is missing or invalid"));
    }
    let port = port.map_or(Ok(default), str::parse);
    let port = port.map_err(|_| syntax("the port is no number up to 65535"))?;
    Ok((host.to_owned(), port))
}

/// Decodes the `%` escapes of a part of a URL.
pub(super) fn unescape(text: &str) -> Result<String, UrlError> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| syntax("an escape is no UTF-8"))?;
    match decoded.chars().any(char::is_control) {
        true => Err(syntax("a control character")),
        false => Ok(decoded.into_owned()),
    }
}
