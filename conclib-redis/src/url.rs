//! URL of a Redis server, parsed and checked.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

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
/// [`Debug`] and [`Display`](fmt::Display) leave the password out.
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

/// Maximum length of a namespace.
const MAX_NAMESPACE: usize = 64;

impl RedisUrl {
    /// Parses a URL; the [type](Self) has a table of all forms.
    ///
    /// # Errors
    /// [`UrlError`] says which part is invalid.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| syntax("no `://`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut tls = scheme.starts_with("rediss").then(Tls::default);
        let (mut user, mut password, mut database) = (None, None, 0);
        let server = match scheme {
            "redis+unix" => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let (login, host) = authority.rsplit_once('@').unwrap_or(("", authority));
                if path.is_empty() || !(host.is_empty() || host == "localhost") {
                    return Err(syntax("the path of the socket is not absolute"));
                }
                (user, password) = names(login)?;
                Server::Unix(unescape(&format!("/{path}"))?.into())
            }
            "redis" | "rediss" | "redis-cluster" | "rediss-cluster" | "redis-sentinel" => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let hosts = match authority.rsplit_once('@') {
                    Some((login, hosts)) => {
                        (user, password) = names(login)?;
                        hosts
                    }
                    None => authority,
                };
                let default = if scheme == "redis-sentinel" {
                    26379
                } else {
                    6379
                };
                let hosts = hosts.split(',').map(|host| host_and_port(host, default));
                let mut hosts = hosts.collect::<Result<Vec<_>, _>>()?;
                match scheme {
                    "redis" | "rediss" => {
                        database = number(path)?;
                        if hosts.len() != 1 {
                            return Err(syntax("several hosts are a cluster: redis-cluster://"));
                        }
                        let (host, port) = hosts.remove(0);
                        Server::One { host, port }
                    }
                    "redis-sentinel" if path.is_empty() => {
                        return Err(syntax("the name of the master is missing, after the hosts"));
                    }
                    "redis-sentinel" => Server::Sentinel {
                        hosts,
                        service: unescape(path)?,
                    },
                    _ if path.is_empty() => Server::Cluster(hosts),
                    _ => return Err(syntax("a cluster has no databases")),
                }
            }
            _ => {
                return Err(UrlError::Scheme {
                    scheme: scheme.into(),
                });
            }
        };
        let mut url = Self {
            server,
            tls: None,
            user,
            password,
            database,
            namespace: "default".to_owned(),
            keyfile: None,
            channels: None,
        };
        let mut channels = (false, Channels::default());
        let mut no_python = None;
        let mut plaintext = false;
        let mut certificate = (None, None);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = unescape(value)?;
            let is_unix = matches!(url.server, Server::Unix(_));
            match (name, &mut tls) {
                ("ns", _) => url.namespace = namespace(value)?,
                ("channel", _) if value == "python" => channels.0 = true,
                ("in" | "out" | "unsigned", _) => {
                    no_python = Some(name);
                    let set = channels.1.set(name, value);
                    set.map_err(|why| invalid(name, why))?;
                }
                ("keyfile", _) => url.keyfile = Some(value.into()),
                ("plaintext", _) if value == "allow" => plaintext = true,
                ("ca", Some(tls)) => tls.ca = Some(value.into()),
                ("cert", Some(_)) => certificate.0 = Some(PathBuf::from(value)),
                ("certkey", Some(_)) => certificate.1 = Some(PathBuf::from(value)),
                ("db", _) if is_unix => url.database = number(&value)?,
                _ => {
                    let why = "is unknown, or does not fit the rest of the URL".into();
                    return Err(UrlError::Option {
                        name: name.into(),
                        why,
                    });
                }
            }
        }
        if let Some(tls) = &mut tls {
            tls.certificate = match certificate {
                (Some(certificate), Some(key)) => Some((certificate, key)),
                (None, None) => None,
                _ => {
                    let why = "needs both `cert=` and `certkey=`".into();
                    return Err(UrlError::Option {
                        name: "cert".into(),
                        why,
                    });
                }
            };
        }
        url.tls = tls;
        match (channels, no_python) {
            ((true, channels), _) => url.channels = Some(url.check_channels(channels)?),
            ((false, _), Some(name)) => return Err(invalid(name, "needs `channel=python`")),
            ((false, _), None) => {}
        }
        match url.password.is_some() && url.tls.is_none() && !plaintext {
            true => url.check_host(),
            false => Ok(url),
        }
    }

    /// Checks that the server is on this machine.
    fn check_host(self) -> Result<Self, UrlError> {
        let hosts = match &self.server {
            Server::Unix(_) => &[][..],
            Server::One { host, port } => &[(host.clone(), *port)][..],
            Server::Cluster(hosts) | Server::Sentinel { hosts, .. } => hosts,
        };
        let is_here = |host: &str| match host.parse::<std::net::IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => host == "localhost",
        };
        match hosts.iter().find(|(host, _)| !is_here(host)) {
            Some((host, _)) => Err(UrlError::Plaintext {
                host: host.as_str().into(),
            }),
            None => Ok(self),
        }
    }

    /// Checks the channels of Python's conclib, and that the rest of the URL fits.
    fn check_channels(&self, channels: Channels) -> Result<Channels, UrlError> {
        if self.namespace != "default" {
            let why = "does not fit `channel=python`: systems are kept apart by `in=` and `out=`";
            return Err(invalid("ns", why));
        }
        if matches!(self.server, Server::Cluster(_)) {
            // A node of a cluster counts only its own subscribers.
            return Err(invalid("channel", "`python` does not work in a cluster"));
        }
        let checked = channels.check();
        checked.map_err(|(name, why)| invalid(name, why))?;
        Ok(channels)
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

fn invalid(name: &str, why: &str) -> UrlError {
    UrlError::Option {
        name: name.into(),
        why: why.into(),
    }
}

fn syntax(why: &str) -> UrlError {
    UrlError::Syntax { why: why.into() }
}

fn number(text: &str) -> Result<u8, UrlError> {
    match text {
        "" => Ok(0),
        text => text
            .parse()
            .map_err(|_| syntax("the database is no number up to 255")),
    }
}

/// Splits a login into the user and the password.
fn names(login: &str) -> Result<(Option<String>, Option<String>), UrlError> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let named = |text: &str| unescape(text).map(|text| Some(text).filter(|text| !text.is_empty()));
    Ok((named(user)?, named(password)?))
}

fn namespace(text: String) -> Result<String, UrlError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (1..=MAX_NAMESPACE).contains(&text.len()) && text.bytes().all(allowed) {
        true => Ok(text),
        false => Err(UrlError::Option {
            name: "ns".into(),
            why: "is not 1 to 64 letters, digits, `.`, `_` or `-`".into(),
        }),
    }
}

fn host_and_port(text: &str, default: u16) -> Result<(String, u16), UrlError> {
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
fn unescape(text: &str) -> Result<String, UrlError> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| syntax("an escape is no UTF-8"))?;
    match decoded.chars().any(char::is_control) {
        true => Err(syntax("a control character")),
        false => Ok(decoded.into_owned()),
    }
}

impl FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.tls.is_some() { "s" } else { "" };
        let user = self
            .user
            .iter()
            .map(|user| format!("{user}@"))
            .collect::<String>();
        let hosts = |hosts: &[(String, u16)]| {
            let hosts = hosts.iter().map(|(host, port)| join(host, *port));
            hosts.collect::<Vec<_>>().join(",")
        };
        let mut sign = '?';
        let mut option = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let separator = std::mem::replace(&mut sign, '&');
            write!(f, "{separator}{name}={value}")
        };
        match &self.server {
            Server::One { host, port } => {
                write!(f, "redis{s}://{user}{}", join(host, *port))?;
                if self.database != 0 {
                    write!(f, "/{}", self.database)?;
                }
            }
            Server::Cluster(nodes) => write!(f, "redis{s}-cluster://{user}{}", hosts(nodes))?,
            Server::Sentinel {
                hosts: sentinels,
                service,
            } => {
                write!(f, "redis-sentinel://{user}{}/{service}", hosts(sentinels))?;
            }
            Server::Unix(path) => {
                let host = if user.is_empty() { "" } else { "localhost" };
                write!(f, "redis+unix://{user}{host}{}", path.display())?;
                if self.database != 0 {
                    option(f, "db", &self.database)?;
                }
            }
        }
        if self.namespace != "default" {
            option(f, "ns", &self.namespace)?;
        }
        let channels = self.channels.iter().flat_map(Channels::options);
        channels
            .into_iter()
            .try_for_each(|(name, value)| option(f, name, &value))
    }
}

pub(crate) fn join(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}
