//! Reasons why a text is no URL.

/// Reason why a text is no URL of a Redis server. No password is quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text is no URL.
    #[error("not a URL of a Redis server: {why}; write it like redis://127.0.0.1:6379")]
    Syntax {
        /// Reason.
        why: Box<str>,
    },
    /// The scheme is none of a Redis server.
    #[error(
        "the scheme `{scheme}` is not one of redis, rediss, redis+unix, redis-cluster, rediss-cluster, redis-sentinel"
    )]
    Scheme {
        /// Scheme of the URL.
        scheme: Box<str>,
    },
    /// An option is unknown, or has an invalid value.
    #[error("the option `{name}` of the Redis URL {why}")]
    Option {
        /// Name of the option.
        name: Box<str>,
        /// Reason.
        why: Box<str>,
    },
    /// The password would leave this machine unencrypted.
    #[error(
        "the password for {host} would be sent unencrypted: use rediss://, or allow it with ?plaintext=allow"
    )]
    Plaintext {
        /// Host of the URL.
        host: Box<str>,
    },
}

pub(super) fn invalid(name: &str, why: &str) -> UrlError {
    UrlError::Option {
        name: name.into(),
        why: why.into(),
    }
}

pub(super) fn syntax(why: &str) -> UrlError {
    UrlError::Syntax { why: why.into() }
}
