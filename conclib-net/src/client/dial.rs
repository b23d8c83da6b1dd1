//! Connects to an address and runs the handshake.

use std::io::{self, ErrorKind};
use std::time::Duration;

use nix::unistd::geteuid;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::address::{Address, Endpoint, TcpEndpoint, UnixEndpoint};
use crate::halves::Halves;
use crate::handshake::{self, GreetError, Refusal, VERSION};
use crate::record::RecordKeys;
use crate::resolve::End;
use crate::{AuthKey, ConnectError, resolve, tcp};
#[cfg(feature = "tls")]
use crate::{TlsError, address::TlsOptions, tls};

/// Time that a server may take for the handshake.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// Address to connect to, and the key for the handshake.
pub(super) struct Dial {
    address: Address,
    /// The address as text, for errors and logs.
    pub(super) url: String,
    key: Option<AuthKey>,
}

impl Dial {
    pub(super) fn new(address: &Address, key: Option<AuthKey>) -> Result<Self, ConnectError> {
        let url = address.to_string();
        let key = resolve::key(address, key, End::Client)?;
        if key.is_none() && resolve::needs_key(address, End::Client) {
            return Err(ConnectError::KeyNeeded { url });
        }
        Ok(Self {
            address: address.clone(),
            url,
            key,
        })
    }

    /// Connects, and runs the handshake.
    pub(super) async fn dial(&self) -> Result<Halves, ConnectError> {
        let dialled = timeout(LIMIT, async {
            match &self.address.0 {
                Endpoint::Unix(endpoint) => self.unix(endpoint).await,
                Endpoint::Tcp(endpoint) => self.tcp(endpoint).await,
            }
        });
        dialled.await.unwrap_or_else(|_| {
            Err(ConnectError::Timeout {
                url: self.url.clone(),
                after: LIMIT,
            })
        })
    }

    async fn unix(&self, endpoint: &UnixEndpoint) -> Result<Halves, ConnectError> {
        let mut stream = UnixStream::connect(&endpoint.path)
            .await
            .map_err(|error| self.unreachable(error))?;
        // Another user may have created the socket. Root is accepted: it could
        // read everything anyway.
        let peer = stream
            .peer_cred()
            .map_err(|source| self.broken(source))?
            .uid();
        if peer != 0 && peer != geteuid().as_raw() && !endpoint.uids.contains(&peer) {
            return Err(ConnectError::User {
                url: self.url.clone(),
            });
        }
        let keys = self.greet(&mut stream, false).await?;
        Ok(Halves::new(stream.into_split(), keys))
    }

    async fn tcp(&self, endpoint: &TcpEndpoint) -> Result<Halves, ConnectError> {
        #[cfg(feature = "tls")]
        if let Some(options) = &endpoint.tls {
            return self.tls(endpoint, options).await;
        }
        let mut stream = self.connect(endpoint).await?;
        let peer = stream.peer_addr().map_err(|source| self.broken(source))?;
        let signs = endpoint.signs(peer.ip());
        let keys = self.greet(&mut stream, signs).await?;
        Ok(Halves::new(stream.into_split(), keys))
    }

    /// Reads the files anew each time: certificates are replaced before they
    /// expire.
    #[cfg(feature = "tls")]
    async fn tls(
        &self,
        endpoint: &TcpEndpoint,
        options: &TlsOptions,
    ) -> Result<Halves, ConnectError> {
        let connector = tls::connector(options, &endpoint.host);
        let (connector, name) = connector.map_err(|source| ConnectError::Tls {
            url: self.url.clone(),
            source,
        })?;
        let stream = self.connect(endpoint).await?;
        let stream = connector.connect(name, stream).await;
        let mut stream = stream.map_err(|error| self.broken(error))?;
        let keys = self.greet(&mut stream, false).await?;
        Ok(Halves::new(tokio::io::split(stream), keys))
    }

    async fn connect(&self, endpoint: &TcpEndpoint) -> Result<TcpStream, ConnectError> {
        let resolved = resolve::addresses(endpoint).await;
        let addresses = resolved.map_err(|source| ConnectError::Resolve {
            url: self.url.clone(),
            source,
        })?;
        if endpoint.exposes(&addresses) {
            return Err(ConnectError::Plaintext {
                url: self.url.clone(),
            });
        }
        let stream = TcpStream::connect(&addresses[..]).await;
        let stream = stream.map_err(|error| self.unreachable(error))?;
        tcp::keep_alive(&stream).map_err(|source| self.broken(source))?;
        Ok(stream)
    }

    async fn greet<S>(
        &self,
        stream: &mut S,
        signs: bool,
    ) -> Result<Option<RecordKeys>, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let greeted = handshake::greet(stream, self.key.as_ref(), signs).await;
        greeted.map_err(|rejected| self.rejected(rejected))
    }

    fn unreachable(&self, source: io::Error) -> ConnectError {
        let url = self.url.clone();
        match source.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                ConnectError::NobodyThere { url, source }
            }
            // The queue of connections to accept is full.
            ErrorKind::WouldBlock => ConnectError::Full { url },
            ErrorKind::PermissionDenied => ConnectError::Denied { url, source },
            _ => ConnectError::Io { url, source },
        }
    }

    fn broken(&self, source: io::Error) -> ConnectError {
        let url = self.url.clone();
        #[cfg(feature = "tls")]
        if tls::is_refusal(&source) {
            let source = TlsError::Refused(source);
            return ConnectError::Tls { url, source };
        }
        ConnectError::Io { url, source }
    }

    fn rejected(&self, rejected: GreetError) -> ConnectError {
        let url = self.url.clone();
        match rejected {
            GreetError::Io(source) => self.broken(source),
            GreetError::Foreign => ConnectError::NotConclib { url },
            GreetError::Impostor => ConnectError::Impostor { url },
            GreetError::Version(theirs) => ConnectError::Version {
                url,
                theirs,
                ours: VERSION,
            },
            GreetError::Refused(refusal) => match refusal {
                Refusal::Version { ours: theirs } => ConnectError::Version {
                    url,
                    theirs,
                    ours: VERSION,
                },
                Refusal::Codec => ConnectError::NotConclib { url },
                Refusal::KeyNeeded => ConnectError::KeyNeeded { url },
                Refusal::KeyUnexpected => ConnectError::Impostor { url },
                Refusal::WrongKey => ConnectError::Auth { url },
                Refusal::User => ConnectError::User { url },
                Refusal::Full => ConnectError::Full { url },
                Refusal::Leaving => ConnectError::Leaving { url },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_tcp_connection_whose_path_dies_is_ended_by_the_system() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        let key = AuthKey::random().unwrap();
        let address = Address::parse(&url).unwrap();
        let dial = Dial::new(&address, Some(key)).unwrap();
        let Endpoint::Tcp(endpoint) = &dial.address.0 else {
            panic!("{url}");
        };
        let (stream, _) = tokio::join!(dial.connect(endpoint), listener.accept());
        assert!(tcp::is_kept_alive(&stream.unwrap()).unwrap());
    }
}
