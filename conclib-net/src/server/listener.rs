//! Listening socket of either kind.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use conclib_core::wire::Origin;
use nix::unistd::geteuid;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
#[cfg(feature = "tls")]
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::socket_file::SocketFile;
use crate::address::{Address, Endpoint, TcpEndpoint};
use crate::halves::Halves;
use crate::handshake::{self, Admission, AdmitError, Refusal};
use crate::record::RecordKeys;
use crate::{OpenError, resolve, tcp};

/// Listening socket.
pub(super) enum Listener {
    Unix {
        listener: UnixListener,
        file: Arc<SocketFile>,
        /// Users that may connect.
        users: Vec<u32>,
    },
    Tcp {
        listener: TcpListener,
        endpoint: TcpEndpoint,
        #[cfg(feature = "tls")]
        acceptor: Option<TlsAcceptor>,
    },
}

/// Stream of a client that has connected, and its identity.
pub(super) struct Accepted {
    pub(super) stream: Stream,
    pub(super) origin: Origin,
    pub(super) source: Source,
    /// Says that the bytes after the handshake have to be signed.
    pub(super) signs: bool,
    /// Set if this client is refused in any case.
    pub(super) refused: Option<Refusal>,
}

/// Origin of a connection: a flood is many connections from one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    User(u32),
    V4(Ipv4Addr),
    /// Network part of an address: one peer can use all addresses with it.
    V6([u16; 4]),
}

impl Source {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
    /// `None` while the handshake of TLS is under way.
    #[cfg(feature = "tls")]
    Unsecured(Option<(TcpStream, TlsAcceptor)>),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Runs the handshake of TLS, if the address wants it.
    pub(super) async fn secure(&mut self) -> Result<(), AdmitError> {
        #[cfg(feature = "tls")]
        if let Self::Unsecured(stream) = self
            && let Some((stream, acceptor)) = stream.take()
        {
            let accepted = acceptor.accept(stream).await.map_err(|error| {
                match crate::tls::is_refusal(&error) {
                    true => AdmitError::Tls(error),
                    false => AdmitError::Io(error),
                }
            });
            *self = Self::Tls(Box::new(accepted?));
        }
        Ok(())
    }

    /// Runs the handshake with the client, and returns the slot that it gets.
    pub(super) async fn admit<P>(
        &mut self,
        admission: Admission<'_>,
        slot: impl FnOnce() -> Result<P, Refusal>,
    ) -> Result<(P, Option<RecordKeys>), AdmitError> {
        self.secure().await?;
        match self {
            Self::Unix(stream) => handshake::admit(stream, admission, slot).await,
            Self::Tcp(stream) => handshake::admit(stream, admission, slot).await,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => handshake::admit(stream, admission, slot).await,
            #[cfg(feature = "tls")]
            Self::Unsecured(_) => Err(AdmitError::Io(ErrorKind::NotConnected.into())),
        }
    }

    /// Splits the stream of a client that was admitted.
    pub(super) fn into_halves(self, keys: Option<RecordKeys>) -> Option<Halves> {
        match self {
            Self::Unix(stream) => Some(Halves::new(stream.into_split(), keys)),
            Self::Tcp(stream) => Some(Halves::new(stream.into_split(), keys)),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => Some(Halves::new(tokio::io::split(stream), keys)),
            #[cfg(feature = "tls")]
            Self::Unsecured(_) => None,
        }
    }
}

impl Stream {
    /// Sends what fits at once, to a peer that is not waited for.
    pub(super) fn say(&self, bytes: &[u8]) {
        // The error of a client that has left is ignored.
        let _ = match self {
            Self::Unix(stream) => stream.try_write(bytes),
            Self::Tcp(stream) => stream.try_write(bytes),
            // No client reads bytes before the handshake of TLS, or between its
            // records.
            #[cfg(feature = "tls")]
            Self::Unsecured(_) | Self::Tls(_) => return,
        };
    }
}

impl Listener {
    /// Listens at the address, and returns it with the actual port.
    pub(super) async fn open(address: &Address) -> Result<(Self, Address), OpenError> {
        let url = address.to_string();
        match &address.0 {
            Endpoint::Unix(endpoint) => {
                let (listener, file) = SocketFile::claim(endpoint, &url).await?;
                let users = [&[geteuid().as_raw()], &endpoint.uids[..]].concat();
                let file = Arc::new(file);
                Ok((
                    Self::Unix {
                        listener,
                        file,
                        users,
                    },
                    address.clone(),
                ))
            }
            Endpoint::Tcp(endpoint) => {
                #[cfg(feature = "tls")]
                let acceptor = match &endpoint.tls {
                    Some(options) => Some(crate::tls::acceptor(options).map_err(|source| {
                        let url = url.clone();
                        OpenError::Tls { url, source }
                    })?),
                    None => None,
                };
                let listener = bind(endpoint, &url).await?;
                let port = listener
                    .local_addr()
                    .map_err(|source| OpenError::Bind { url, source })?
                    .port();
                let endpoint = TcpEndpoint {
                    port,
                    ..endpoint.clone()
                };
                let address = Address(Endpoint::Tcp(endpoint.clone()));
                let listener = Self::Tcp {
                    listener,
                    endpoint,
                    #[cfg(feature = "tls")]
                    acceptor,
                };
                Ok((listener, address))
            }
        }
    }

    /// Accepts the next connection. Cancel safe.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Unix {
                listener, users, ..
            } => {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?;
                // Process id 0 stands for a process in another pid namespace.
                let pid = peer
                    .pid()
                    .and_then(|pid| u32::try_from(pid).ok())
                    .filter(|pid| *pid > 0);
                let origin = match pid {
                    Some(pid) => Origin::Process(pid),
                    None => Origin::Peer(format!("user {}", peer.uid()).into()),
                };
                let refused = (!users.contains(&peer.uid())).then_some(Refusal::User);
                Ok(Accepted {
                    stream: Stream::Unix(stream),
                    origin,
                    source: Source::User(peer.uid()),
                    signs: false,
                    refused,
                })
            }
            Self::Tcp {
                listener,
                endpoint,
                #[cfg(feature = "tls")]
                acceptor,
            } => {
                let (stream, peer) = listener.accept().await?;
                let origin = Origin::Peer(peer.to_string().into());
                // The client has left already, which is no error of the
                // listener.
                if let Err(error) = tcp::keep_alive(&stream) {
                    tracing::debug!(target: "conclib::net", %origin, %error, "a connection is not kept alive");
                }
                #[cfg(feature = "tls")]
                let stream = match acceptor {
                    Some(acceptor) => Stream::Unsecured(Some((stream, acceptor.clone()))),
                    None => Stream::Tcp(stream),
                };
                #[cfg(not(feature = "tls"))]
                let stream = Stream::Tcp(stream);
                Ok(Accepted {
                    stream,
                    origin,
                    source: Source::of(peer.ip()),
                    signs: endpoint.signs(peer.ip()),
                    refused: None,
                })
            }
        }
    }

    /// Address of the socket, for TCP.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Unix { .. } => None,
            Self::Tcp { listener, .. } => listener.local_addr().ok(),
        }
    }

    /// Socket file to remove in the end.
    pub(super) fn file(&self) -> Option<Arc<SocketFile>> {
        match self {
            Self::Unix { file, .. } => Some(file.clone()),
            Self::Tcp { .. } => None,
        }
    }
}

async fn bind(endpoint: &TcpEndpoint, url: &str) -> Result<TcpListener, OpenError> {
    let resolved = resolve::addresses(endpoint).await;
    let addresses = resolved.map_err(|source| OpenError::Resolve {
        url: url.to_owned(),
        source,
    })?;
    if endpoint.exposes(&addresses) {
        return Err(OpenError::Plaintext {
            url: url.to_owned(),
        });
    }
    TcpListener::bind(&addresses[..])
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => OpenError::InUse {
                url: url.to_owned(),
            },
            _ => OpenError::Bind {
                url: url.to_owned(),
                source,
            },
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_source_and_a_mapped_address_that_of_ipv4() {
        let source = |address: &str| Source::of(address.parse().unwrap());
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:3:4:5:6"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[tokio::test]
    async fn a_tcp_connection_whose_path_dies_is_ended_by_the_system() {
        let address = Address::parse("tcp://127.0.0.1:0").unwrap();
        let (listener, address) = Listener::open(&address).await.unwrap();
        let Endpoint::Tcp(endpoint) = &address.0 else {
            panic!("{address}");
        };
        let client = TcpStream::connect(("127.0.0.1", endpoint.port));
        let (accepted, _client) = tokio::join!(listener.accept(), client);
        let Stream::Tcp(stream) = accepted.unwrap().stream else {
            panic!("no TCP");
        };
        assert!(tcp::is_kept_alive(&stream).unwrap());
    }
}
