//! Why a text is not an address.

use super::{MAX_URL, SOCKET_PATH};

/// Why a text is not an [`Address`](crate::Address).
///
/// # Examples
///
/// ```
/// use conclib_net::{Address, AddressError};
///
/// let error = Address::parse("http://127.0.0.1:8000").unwrap_err();
/// assert!(matches!(error, AddressError::Scheme { .. }));
/// assert!(error.to_string().contains("http://127.0.0.1:8000"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It begins with none of the schemes.
    #[error("`{url}` is no address here: write `unix:///path/to/app.sock` or `tcp://host:port`")]
    Scheme {
        /// The URL.
        url: String,
    },
    /// It is longer than any address has to be.
    #[error("`{url}` has {len} bytes: an address has at most {MAX_URL}")]
    TooLong {
        /// The beginning of the URL.
        url: String,
        /// Its length, in bytes.
        len: usize,
    },
    /// It has a control character or a `#`.
    #[error(
        "`{url}` has a character that is none of an address: write it as `%` and two hex digits"
    )]
    Character {
        /// The URL.
        url: String,
    },
    /// A `%` is not followed by two hex digits.
    #[error("`{url}` has a `%` without two hex digits after it: write `%25` for a percent sign")]
    Escape {
        /// The URL.
        url: String,
    },
    /// The path of a socket is not absolute, or names no file.
    #[error(
        "`{url}` names no file by an absolute path: write three slashes, `unix:///path/to/app.sock`"
    )]
    NotAbsolute {
        /// The URL.
        url: String,
    },
    /// The kernel takes no such path for a socket.
    #[error(
        "the path of `{url}` has {len} bytes, and a socket's has fewer than {SOCKET_PATH}: take a shorter one"
    )]
    PathTooLong {
        /// The URL.
        url: String,
        /// The length of its path, in bytes.
        len: usize,
    },
    /// There is a user or a password in it. It is not quoted, for that reason.
    #[error("an address holds no user and no password: give the authkey by `?keyfile=/path`")]
    Credentials,
    /// There is no host and port, or it is not a host.
    #[error(
        "`{url}` does not name host and port: write `tcp://127.0.0.1:7000` or `tcp://[::1]:7000`"
    )]
    Host {
        /// The URL.
        url: String,
    },
    /// The port is no number below 65,536.
    #[error("the port of `{url}` is no number from 0 to 65535")]
    Port {
        /// The URL.
        url: String,
    },
    /// This scheme has no such option.
    #[error(
        "`{url}` has the unknown option `{option}`: there are `uid` for unix, `keyfile` and `plaintext` for tcp"
    )]
    Option {
        /// The URL, without its options.
        url: String,
        /// The name of the option.
        option: String,
    },
    /// The option has no such value.
    #[error("the option `{option}` of `{url}` {problem}")]
    Value {
        /// The URL, without its options.
        url: String,
        /// The name of the option.
        option: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}
