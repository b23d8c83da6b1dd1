//! URL of a Redis server, parsed and checked.

mod display;
mod error;
mod parse;
mod parts;
mod place;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::PathBuf;

pub(crate) use self::display::join;
pub use self::error::UrlError;
use self::error::invalid;
use crate::channels::Channels;

/// URL of the Redis server through which systems and clients meet.
///
/// | URL | meaning |
/// |---|---|
/// | `redis://127.0.0.1:6379` | a server over TCP; the port is 6379 if none is given |
/// | `redis://user:password@host:6379/3` | a user, a password, a database |
/// | `rediss://host:6380?ca=/etc/ca.pem` | TLS; `cert=` and `certkey=` are a client certificate |
/// | `redis+unix:///run/r.sock?db=3` | a server on a unix socket; `user:password@localhost` before the path |
/// | `redis-cluster://a:7000,b:7000` | a cluster, by some of its nodes; `rediss-cluster` with TLS |
/// | `redis-sentinel://a:26379,b:26379/mymaster` | the master that sentinels name |
///
/// | option | meaning |
/// |---|---|
/// | `ns=shop` | namespace, `default` if none is given: systems of two namespaces never meet |
/// | `keyfile=/etc/app/key` | file with the [authkey](conclib_net::AuthKey) that signs all messages |
/// | `plaintext=allow` | sends a password off this machine without TLS |
/// | `channel=python` | speaks the protocol of Python's conclib, see [`Config`](crate::Config); then `in=` and `out=` name its channels instead of `ns=`, and `unsigned=allow` permits it although there is an authkey |
///
/// [`Debug`] and [`Display`](std::fmt::Display) leave the password out.
///
/// # Examples
///
/// ```
/// use conclib_redis::{RedisUrl, UrlError};
///
/// let url: RedisUrl = "redis://app:secret@127.0.0.1/2?ns=shop".parse()?;
/// assert_eq!(url.to_string(), "redis://app@127.0.0.1:6379/2?ns=shop");
///
/// let error = "redis://127.0.0.1?speed=high".parse::<RedisUrl>().unwrap_err();
/// assert!(matches!(error, UrlError::Option { .. }));
/// # Ok::<(), UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    pub(crate) server: Server,
    pub(crate) tls: Option<Tls>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: u8,
    pub(crate) namespace: String,
    pub(crate) keyfile: Option<PathBuf>,
    /// Channels of the protocol of Python's conclib, if that is to be spoken.
    pub(crate) channels: Option<Channels>,
}

/// Server of a URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Server {
    One {
        host: String,
        port: u16,
    },
    Unix(PathBuf),
    Cluster(Vec<(String, u16)>),
    Sentinel {
        hosts: Vec<(String, u16)>,
        service: String,
    },
}

/// Files of a TLS connection.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
}

impl RedisUrl {
    /// Returns true if the server surely runs on this host.
    pub(crate) fn is_on_this_host(&self) -> bool {
        match &self.server {
            Server::Unix(_) => true,
            Server::One { host, .. } => {
                let ip = host.parse::<IpAddr>();
                host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
            }
            Server::Cluster(_) | Server::Sentinel { .. } => false,
        }
    }

    /// Checks that the protocol of conclib itself is to be spoken.
    pub(crate) fn check_native(&self) -> Result<(), UrlError> {
        match self.is_python() {
            true => Err(invalid("channel", "needs `PythonBroker` or `PythonClient`")),
            false => Ok(()),
        }
    }

    /// Returns the channels of Python's conclib.
    pub(crate) fn python(&self) -> Result<&Channels, UrlError> {
        let channels = self.channels.as_ref();
        channels.ok_or_else(|| invalid("channel", "is not `python`"))
    }

    /// Returns true for `channel=python`.
    #[must_use]
    pub fn is_python(&self) -> bool {
        self.channels.is_some()
    }

    /// Returns the first part of all names that this namespace has in the server.
    pub(crate) fn prefix(&self) -> String {
        match self.database {
            0 => format!("conclib:{}", self.namespace),
            database => format!("conclib:{}/{database}", self.namespace),
        }
    }
}
