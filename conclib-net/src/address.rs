//! Address of a local broker: a URL, parsed and checked.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use error::{MAX_URL, SOCKET_PATH};
use url::Query;

mod error;
mod tls;
mod url;

pub use error::AddressError;
pub(crate) use tls::TlsOptions;

/// Address at which a broker serves and clients connect: a unix socket, or TCP.
///
/// Parse it from a URL, with [`parse`](Self::parse) or `str::parse`:
///
/// | URL | meaning |
/// |---|---|
/// | `unix:///run/app/app.sock` | a socket file at an absolute path, `%` escapes decoded |
/// | `unix:///run/app/app.sock?uid=1000` | the same, and the user 1000 is let in too; may be repeated |
/// | `tcp://127.0.0.1:7000` | TCP; port 0 is any free one; an IPv6 host is in brackets |
/// | `tcp://127.0.0.1:7000?keyfile=/etc/app/key` | the [authkey](crate::AuthKey) is in this file |
/// | `tcp://10.0.0.7:7000?plaintext=allow` | off this machine, signed, though nothing is encrypted |
/// | `tls://10.0.0.7:7000?ca=/ca.pem` | TLS, to a server with a certificate of this CA; needs the feature `tls` |
/// | `tls://0.0.0.0:7000?cert=/s.pem&certkey=/s.key` | the same for the server: its certificate, with those between it and the CA, and the private key |
/// | `tls://…&ca=/ca.pem&cert=/c.pem&certkey=/c.key` | both prove themselves by certificates of this CA; then an authkey is needed only if one is given |
/// | `tls://10.0.0.7:7000?ca=/ca.pem&name=app.example` | the certificate of the server is for this name, and not for the host |
/// | `tcp://127.0.0.1:7000?integrity=always` | signed on this machine too: for a tunnel to another one |
///
/// No part of a URL is a secret: it may be logged, and errors quote it.
///
/// # Examples
///
/// ```
/// use conclib_net::{Address, AddressError};
///
/// let address: Address = "unix:///run/app/app.sock?uid=1000".parse()?;
/// assert_eq!(address.to_string(), "unix:///run/app/app.sock?uid=1000");
///
/// let error = Address::parse("unix://app.sock").unwrap_err();
/// assert!(matches!(error, AddressError::NotAbsolute { .. }));
/// # Ok::<(), AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(pub(crate) Endpoint);

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Unix(UnixEndpoint),
    Tcp(TcpEndpoint),
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct UnixEndpoint {
    /// Path that is absolute, has a file name, and fits a socket address.
    pub(crate) path: PathBuf,
    /// Users besides the own one that the other end may belong to.
    pub(crate) uids: Vec<u32>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct TcpEndpoint {
    /// Host name, or the text of an IP address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) keyfile: Option<PathBuf>,
    /// Set if `plaintext=allow` accepts that nothing is encrypted.
    pub(crate) plaintext: bool,
    /// Set if `integrity=always` demands signed records of a peer on this
    /// machine too.
    pub(crate) integrity: bool,
    /// Set for `tls:`.
    pub(crate) tls: Option<Box<TlsOptions>>,
}

impl Address {
    /// Parses a URL; the [type](Self) has a table of all forms.
    ///
    /// # Errors
    ///
    /// [`AddressError`] with the URL in its text, shortened if it is long. Any
    /// text may be passed.
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_net::Address;
    ///
    /// let address = Address::parse("tcp://[::1]:7000?keyfile=/etc/app/key")?;
    /// assert_eq!(address.to_string(), "tcp://[::1]:7000?keyfile=/etc/app/key");
    /// # Ok::<(), conclib_net::AddressError>(())
    /// ```
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        if url.len() > MAX_URL {
            return Err(AddressError::TooLong {
                url: url::shown(url),
                len: url.len(),
            });
        }
        let (rest, query) = url
            .split_once('?')
            .map_or((url, ""), |(rest, query)| (rest, query));
        if url.contains('#') || url.chars().any(char::is_control) {
            return Err(AddressError::Character {
                url: url::shown(url),
            });
        }
        let query = Query { url, query };
        if let Some(path) = rest.strip_prefix("unix://") {
            UnixEndpoint::parse(url, path, &query).map(|endpoint| Self(Endpoint::Unix(endpoint)))
        } else if let Some(authority) = rest.strip_prefix("tcp://") {
            TcpEndpoint::parse(url, authority, &query, None)
                .map(|endpoint| Self(Endpoint::Tcp(endpoint)))
        } else if let Some(authority) = rest.strip_prefix("tls://") {
            if !cfg!(feature = "tls") {
                return Err(AddressError::NoTls {
                    url: url::shown(url),
                });
            }
            TcpEndpoint::parse(url, authority, &query, Some(Box::default()))
                .map(|endpoint| Self(Endpoint::Tcp(endpoint)))
        } else {
            Err(AddressError::Scheme {
                url: url::shown(url),
            })
        }
    }

    /// Returns the address of the unix socket at `path`.
    ///
    /// # Errors
    ///
    /// [`AddressError::NotAbsolute`] and [`AddressError::PathTooLong`].
    ///
    /// # Examples
    ///
    /// ```
    /// use conclib_net::Address;
    ///
    /// let address = Address::unix("/run/my app/app.sock")?;
    /// assert_eq!(address.to_string(), "unix:///run/my%20app/app.sock");
    /// # Ok::<(), conclib_net::AddressError>(())
    /// ```
    pub fn unix(path: impl AsRef<Path>) -> Result<Self, AddressError> {
        let path = path.as_ref().to_owned();
        let endpoint = UnixEndpoint {
            path,
            uids: Vec::new(),
        };
        let url = Self(Endpoint::Unix(endpoint.clone())).to_string();
        endpoint
            .check(&url)
            .map(|endpoint| Self(Endpoint::Unix(endpoint)))
    }
}

impl UnixEndpoint {
    fn parse(url: &str, path: &str, query: &Query<'_>) -> Result<Self, AddressError> {
        let path = url::unescape(path).ok_or_else(|| AddressError::Escape {
            url: url::shown(url),
        })?;
        let mut uids = Vec::new();
        for option in query.options() {
            let (name, value) = option?;
            match name {
                "uid" => uids.push(
                    value
                        .parse()
                        .map_err(|_| query.bad("uid", "is no user number"))?,
                ),
                _ => return Err(query.unknown(name)),
            }
        }
        Self {
            path: OsString::from_vec(path).into(),
            uids,
        }
        .check(url)
    }

    fn check(self, url: &str) -> Result<Self, AddressError> {
        let bytes = self.path.as_os_str().as_bytes();
        let names_a_file = self.path.file_name().is_some() && !bytes.ends_with(b"/");
        if !self.path.is_absolute() || !names_a_file || bytes.contains(&0) {
            return Err(AddressError::NotAbsolute {
                url: url::shown(url),
            });
        }
        if bytes.len() >= SOCKET_PATH {
            return Err(AddressError::PathTooLong {
                url: url::shown(url),
                len: bytes.len(),
            });
        }
        Ok(self)
    }
}

impl TcpEndpoint {
    fn parse(
        url: &str,
        authority: &str,
        query: &Query<'_>,
        tls: Option<Box<TlsOptions>>,
    ) -> Result<Self, AddressError> {
        if authority.contains('@') {
            return Err(AddressError::Credentials);
        }
        let bad_host = || AddressError::Host {
            url: url::shown(url),
        };
        let (host, port) = authority.rsplit_once(':').ok_or_else(bad_host)?;
        let host = match host.strip_prefix('[') {
            Some(host) => host
                .strip_suffix(']')
                .filter(|host| host.parse::<std::net::Ipv6Addr>().is_ok())
                .ok_or_else(bad_host)?,
            None => Some(host)
                .filter(|host| is_host(host))
                .ok_or_else(bad_host)?,
        };
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits);
        let port = port.ok_or_else(|| AddressError::Port {
            url: url::shown(url),
        })?;
        let mut endpoint = Self {
            host: host.to_owned(),
            port,
            keyfile: None,
            plaintext: false,
            integrity: false,
            tls,
        };
        for option in query.options() {
            let (name, value) = option?;
            match (name, value) {
                ("keyfile", _) if endpoint.keyfile.is_some() => {
                    return Err(query.bad("keyfile", "is given twice"));
                }
                ("keyfile", path) => endpoint.keyfile = Some(query.path("keyfile", path)?),
                _ if let Some(tls) = &mut endpoint.tls => tls.set(name, value, query)?,
                ("plaintext", "allow") => endpoint.plaintext = true,
                ("plaintext", _) => return Err(query.bad("plaintext", "can only be `allow`")),
                ("integrity", "always") => endpoint.integrity = true,
                ("integrity", _) => return Err(query.bad("integrity", "can only be `always`")),
                _ => return Err(query.unknown(name)),
            }
        }
        if let Some(tls) = &endpoint.tls {
            tls.check(query)?;
        }
        Ok(endpoint)
    }
}

impl TcpEndpoint {
    /// Tests if the bytes of a connection with that peer are signed for this
    /// end.
    pub(crate) fn signs(&self, peer: IpAddr) -> bool {
        self.tls.is_none() && (self.integrity || !peer.to_canonical().is_loopback())
    }

    /// Tests if the address needs `plaintext=allow` and has it not.
    pub(crate) fn exposes(&self, addresses: &[SocketAddr]) -> bool {
        let is_far = |address: &SocketAddr| !address.ip().is_loopback();
        self.tls.is_none() && !self.plaintext && addresses.iter().any(is_far)
    }
}

/// Tests for a DNS name or an IPv4 address.
fn is_host(host: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=253).contains(&host.len()) && host.bytes().all(known)
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        Self::parse(url)
    }
}

/// The URL, in its shortest form.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = Vec::new();
        match &self.0 {
            Endpoint::Unix(UnixEndpoint { path, uids }) => {
                write!(f, "unix://{}", url::Escaped(path.as_os_str().as_bytes()))?;
                options.extend(uids.iter().map(|uid| format!("uid={uid}")));
            }
            Endpoint::Tcp(TcpEndpoint {
                host,
                port,
                keyfile,
                plaintext,
                integrity,
                tls,
            }) => {
                let scheme = if tls.is_some() { "tls" } else { "tcp" };
                match host.contains(':') {
                    true => write!(f, "{scheme}://[{host}]:{port}")?,
                    false => write!(f, "{scheme}://{host}:{port}")?,
                }
                let keyfile = keyfile
                    .as_ref()
                    .map(|path| url::Escaped(path.as_os_str().as_bytes()));
                options.extend(keyfile.map(|path| format!("keyfile={path}")));
                options.extend(plaintext.then(|| "plaintext=allow".to_owned()));
                options.extend(integrity.then(|| "integrity=always".to_owned()));
                options.extend(tls.iter().flat_map(|tls| tls.options()));
            }
        }
        for (index, option) in options.iter().enumerate() {
            write!(f, "{}{option}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}
