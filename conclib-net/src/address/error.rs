//! Errors of addresses.

/// Maximum length of a URL in bytes: enough for any path of the system.
pub(super) const MAX_URL: usize = 4096;

/// The kernel keeps the path of a unix socket in this many bytes, of which the
/// last is a zero.
pub(super) const SOCKET_PATH: usize = 108;

/// Reason why a text is not an [`Address`](crate::Address).
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
    /// The URL begins with none of the known schemes.
    #[error(
        "`{url}` is no valid address: write `unix:///path/to/app.sock`, `tcp://host:port` or `tls://host:port`"
    )]
    Scheme {
        /// The URL.
        url: String,
    },
    /// The URL begins with `tls:`, and this build has no TLS.
    #[error("`{url}` needs TLS: build with the feature `tls` of conclib")]
    NoTls {
        /// The URL.
        url: String,
    },
    /// The URL is longer than any address.
    #[error("`{url}` has {len} bytes: an address has at most {MAX_URL}")]
    TooLong {
        /// The beginning of the URL.
        url: String,
        /// Length of the URL, in bytes.
        len: usize,
    },
    /// The URL has a control character or a `#`.
    #[error(
        "`{url}` has a character that an address cannot have: write it as `%` and two hex digits"
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
        "`{url}` has no absolute path of a file: write three slashes, `unix:///path/to/app.sock`"
    )]
    NotAbsolute {
        /// The URL.
        url: String,
    },
    /// The path is too long for a socket.
    #[error(
        "the path of `{url}` has {len} bytes, and a socket's has fewer than {SOCKET_PATH}: take a shorter one"
    )]
    PathTooLong {
        /// The URL.
        url: String,
        /// The length of its path, in bytes.
        len: usize,
    },
    /// The URL has a user or a password. The error does not quote it, for that
    /// reason.
    #[error("an address holds no user and no password: give the authkey by `?keyfile=/path`")]
    Credentials,
    /// The URL has no host and port, or the host is invalid.
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
        "`{url}` has the unknown option `{option}`: there are `uid` for unix, `keyfile`, `plaintext` and \
         `integrity` for tcp, `keyfile`, `ca`, `cert`, `certkey` and `name` for tls"
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
        /// Description of the mistake.
        problem: &'static str,
    },
}
