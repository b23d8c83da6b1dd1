//! Connects to an address and runs the handshake.

use std::io::{self, ErrorKind};
use std::time::Duration;

use nix::unistd::geteuid;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::address::{Address, Endpoint, TcpEndpoint, UnixEndpoint};
use crate::handshake::{self, GreetError, Refusal, VERSION};
use crate::{AuthKey, ConnectError, resolve, tcp};

/// Time that a server may take for the handshake.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// Connection that is ready for frames.
pub(super) enum Dialled {
    Unix(UnixStream),
    Tcp(TcpStream),
}

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
        let key = resolve::key(address, key)?;
        if key.is_none() && matches!(address.0, Endpoint::Tcp(_)) {
            return Err(ConnectError::KeyNeeded { url });
        }
        Ok(Self {
            address: address.clone(),
            url,
            key,
        })
    }

    /// Connects, and runs the handshake.
    pub(super) async fn dial(&self) -> Result<Dialled, ConnectError> {
        let dialled = timeout(LIMIT, async {
            match &self.address.0 {
                Endpoint::Unix(endpoint) => self.unix(endpoint).await.map(Dialled::Unix),
                Endpoint::Tcp(endpoint) => self.tcp(endpoint).await.map(Dialled::Tcp),
            }
        });
        dialled.await.unwrap_or_else(|_| {
            Err(ConnectError::Timeout {
                url: self.url.clone(),
                after: LIMIT,
            })
        })
    }

    async fn unix(&self, endpoint: &UnixEndpoint) -> Result<UnixStream, ConnectError> {
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
        let greeted = handshake::greet(&mut stream, self.key.as_ref()).await;
        greeted
            .map(|()| stream)
            .map_err(|rejected| self.rejected(rejected))
    }

    async fn tcp(&self, endpoint: &TcpEndpoint) -> Result<TcpStream, ConnectError> {
        let resolved = resolve::addresses(endpoint).await;
        let addresses = resolved.map_err(|source| ConnectError::Resolve {
            url: self.url.clone(),
            source,
        })?;
        if !endpoint.plaintext && addresses.iter().any(|address| !address.ip().is_loopback()) {
            return Err(ConnectError::Plaintext {
                url: self.url.clone(),
            });
        }
        let stream = TcpStream::connect(&addresses[..]).await;
        let mut stream = stream.map_err(|error| self.unreachable(error))?;
        tcp::keep_alive(&stream).map_err(|source| self.broken(source))?;
        let greeted = handshake::greet(&mut stream, self.key.as_ref()).await;
        greeted
            .map(|()| stream)
            .map_err(|rejected| self.rejected(rejected))
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
        ConnectError::Io {
            url: self.url.clone(),
            source,
        }
    }

    fn rejected(&self, rejected: GreetError) -> ConnectError {
        let url = self.url.clone();
        match rejected {
            GreetError::Io(source) => ConnectError::Io { url, source },
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
        let dial = Dial::new(&address, Some(key.clone())).unwrap();
        let (dialled, ()) = tokio::join!(dial.dial(), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let admission = handshake::Admission {
                key: Some(&key),
                refused: None,
                spoke: &std::sync::atomic::AtomicBool::new(false),
            };
            handshake::admit(&mut stream, admission, || Ok(()))
                .await
                .unwrap();
        });
        let Ok(Dialled::Tcp(stream)) = dialled else {
            panic!("no TCP");
        };
        assert!(tcp::is_kept_alive(&stream).unwrap());
    }
}
