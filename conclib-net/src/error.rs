//! Errors of opening a broker and of connecting a client.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::KeyError;

/// Reason why a `tls:` address cannot be used.
///
/// # Examples
///
/// ```
/// use conclib_net::{Address, Client, ConnectError, TlsError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let address = Address::parse("tls://127.0.0.1:7000?ca=/no/such/ca.pem&cert=/c.pem&certkey=/c.key")?;
/// let error = Client::connect(&address, None).await.unwrap_err();
/// assert!(matches!(
///     error,
///     ConnectError::Tls { source: TlsError::File { .. }, .. }
/// ));
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A server has no certificate.
    #[error("a server needs a certificate: add `?cert=/path&certkey=/path`")]
    NoCertificate,
    /// A client knows no CA.
    #[error("a client needs the CA of the server: add `?ca=/path`")]
    NoCa,
    /// The name of the server cannot be in a certificate.
    #[error("`{name}` is no name of a server: give the one in its certificate by `?name=…`")]
    Name {
        /// The name.
        name: String,
    },
    /// A file with a certificate or a private key cannot be used.
    #[error("`{}` cannot be used: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Description of the problem.
        why: String,
    },
    /// Certificate and private key do not fit together, or cannot be used.
    #[error("the certificate and its private key cannot be used")]
    Setup(#[source] tokio_rustls::rustls::Error),
    /// The other end was not accepted, or has not accepted this one.
    #[error(
        "client and server do not accept each other: {0}; check the name and the CA of the certificates"
    )]
    Refused(io::Error),
}

/// Reason why a [`LocalBroker`](crate::LocalBroker) did not open; nothing of it
/// is left behind.
///
/// # Examples
///
/// ```
/// use conclib_core::System;
/// use conclib_net::{Address, AuthKey, LocalBroker, OpenError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("docs");
/// let address = Address::parse("tcp://0.0.0.0:0")?;
/// let error = LocalBroker::open(&address, Some(AuthKey::random()?), system.inlet()).await.unwrap_err();
/// assert!(matches!(&error, OpenError::Plaintext { .. }));
/// assert!(error.to_string().contains("plaintext=allow"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The call was made outside of a tokio runtime.
    #[error(
        "`{url}` is served from inside a tokio runtime: call this from `#[conclib::main]` or from a task"
    )]
    NoRuntime {
        /// The address.
        url: String,
    },
    /// The tokio runtime here has no timers.
    #[error(
        "`{url}` cannot be served by a tokio runtime without timers: call `enable_all` on its builder, or `enable_time` and `enable_io`"
    )]
    NoTimers {
        /// The address.
        url: String,
    },
    /// No usable authkey was given.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// TCP needs an authkey, and none was given.
    #[error(
        "`{url}` needs an authkey: pass one, name its file by `?keyfile=/path`, or set CONCLIB_AUTHKEY \
         (`openssl rand -hex 32` makes one)"
    )]
    KeyNeeded {
        /// The address.
        url: String,
    },
    /// The address can be reached from other machines, and nothing is encrypted.
    #[error(
        "`{url}` can be reached from other machines, and nothing on it is encrypted: serve on 127.0.0.1, \
         by `tls://`, or add `?plaintext=allow` if the network between is yours"
    )]
    Plaintext {
        /// The address.
        url: String,
    },
    /// The certificates of the server cannot be used.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    #[error("`{url}` cannot be served over TLS")]
    Tls {
        /// The address.
        url: String,
        /// Error of the files.
        source: TlsError,
    },
    /// The host has no address.
    #[error("the host of `{url}` has no address: check its name")]
    Resolve {
        /// The address.
        url: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A live server already uses the socket file or the port.
    #[error("a live server owns `{url}`: stop it first, or serve elsewhere")]
    InUse {
        /// The address.
        url: String,
    },
    /// Another server has been starting at the same address for seconds.
    #[error("another server is starting at `{url}`: try again")]
    Contended {
        /// The address.
        url: String,
    },
    /// The lock file, which keeps two servers from starting at once, cannot be
    /// locked.
    #[error("`{}` cannot be locked, so no server can start: check that it can be created and belongs to this user", path.display())]
    Lock {
        /// The file, beside the socket.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The path is an existing file that is no socket. The file is left alone.
    #[error("`{}` exists and is no socket: remove it, or serve elsewhere", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The directory of the socket is accessible to other users.
    #[error(
        "`{}` is no safe directory for a socket: it must be a real directory of this user, in which nobody \
         else may write (`chmod go-w`), so put the socket into one of its own",
        path.display()
    )]
    UnsafeDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The directory of the socket can be neither used nor made.
    #[error("the directory `{}` cannot be used for a socket: make it, and its parents, first", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The system refused for another reason.
    #[error("cannot serve on `{url}`")]
    Bind {
        /// The address.
        url: String,
        /// Error of the operating system.
        source: io::Error,
    },
}

/// Reason why a [`Client`](crate::Client) did not connect.
///
/// # Examples
///
/// ```
/// use conclib_net::{Address, Client, ConnectError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let address = Address::parse("unix:///tmp/no/such/app.sock")?;
/// let error = Client::connect(&address, None).await.unwrap_err();
/// assert!(matches!(&error, ConnectError::NobodyThere { .. }));
/// assert!(error.to_string().contains("/tmp/no/such/app.sock"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The call was made outside of a tokio runtime.
    #[error(
        "`{url}` is connected to from inside a tokio runtime: call this from `#[conclib::main]` or from a task"
    )]
    NoRuntime {
        /// The address.
        url: String,
    },
    /// The tokio runtime here has no timers.
    #[error(
        "`{url}` cannot be connected to from a tokio runtime without timers: call `enable_all` on its builder, or `enable_time` and `enable_io`"
    )]
    NoTimers {
        /// The address.
        url: String,
    },
    /// No usable authkey was given.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The server is reached by TCP or asks for an authkey, and none was given.
    #[error(
        "`{url}` needs an authkey: pass the one of the server, name its file by `?keyfile=/path`, or set \
         CONCLIB_AUTHKEY"
    )]
    KeyNeeded {
        /// The address.
        url: String,
    },
    /// The server has another authkey than this client.
    #[error("`{url}` has another authkey: give both sides the same")]
    Auth {
        /// The address.
        url: String,
    },
    /// The server did not prove that it has the authkey: it is another server,
    /// or was started without a key.
    #[error(
        "`{url}` did not prove that it has the authkey: start the server with it, and check which server listens there"
    )]
    Impostor {
        /// The address.
        url: String,
    },
    /// The server belongs to a user whom this client does not trust, or the
    /// other way round.
    #[error(
        "`{url}` and this client belong to different users: add `?uid=…` with the number of the other user, \
         on each side that is to allow it"
    )]
    User {
        /// The address.
        url: String,
    },
    /// The address is on another machine, and nothing is encrypted.
    #[error(
        "`{url}` is on another machine, and nothing on the way is encrypted: use `tls://`, or add \
         `?plaintext=allow` if the network between is yours"
    )]
    Plaintext {
        /// The address.
        url: String,
    },
    /// The other end is not the one that the certificates are for, or they
    /// cannot be used.
    #[cfg(feature = "tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
    #[error("there is no TLS connection to `{url}`")]
    Tls {
        /// The address.
        url: String,
        /// Error of the files, or of the handshake.
        source: TlsError,
    },
    /// The host has no address.
    #[error("the host of `{url}` has no address: check its name")]
    Resolve {
        /// The address.
        url: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// No server listens at the address.
    #[error(
        "no server listens on `{url}`: start the server first, and check that both name the same address"
    )]
    NobodyThere {
        /// The address.
        url: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// This user may not access the address.
    #[error(
        "this user may not reach `{url}`: run as the user of the server, or serve with `?uid=…` in a directory \
         that this one may enter"
    )]
    Denied {
        /// The address.
        url: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The program that answers there is no conclib server.
    #[error("the program at `{url}` is no conclib server: check the address")]
    NotConclib {
        /// The address.
        url: String,
    },
    /// Client and server have incompatible versions.
    #[error(
        "`{url}` speaks version {theirs} of the protocol, and this client {ours}: build both with the same conclib"
    )]
    Version {
        /// The address.
        url: String,
        /// Version of the server.
        theirs: u16,
        /// Version of this client.
        ours: u16,
    },
    /// The server has its maximum number of connections.
    #[error(
        "`{url}` has its maximum number of connections: one client for a process is enough, share it"
    )]
    Full {
        /// The address.
        url: String,
    },
    /// The server is shutting down.
    #[error("the server on `{url}` is shutting down: connect when it is back")]
    Leaving {
        /// The address.
        url: String,
    },
    /// The server did not answer in time.
    #[error("`{url}` did not answer within {after:?}: the server hangs, or is no conclib server")]
    Timeout {
        /// The address.
        url: String,
        /// Time that the server was given.
        after: Duration,
    },
    /// The connection broke, or could not be made for another reason.
    #[error("the connection to `{url}` failed")]
    Io {
        /// The address.
        url: String,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl ConnectError {
    /// Tests if a client that was connected before need only wait, until the
    /// server is started again or the network is back.
    pub(crate) fn passes_by_itself(&self) -> bool {
        matches!(self, Self::NobodyThere { .. } | Self::Leaving { .. })
    }
}
