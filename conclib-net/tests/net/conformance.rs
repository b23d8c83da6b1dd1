//! The conformance suite over unix sockets, TCP with and without signatures, TLS, socket pairs and
//! pipes in memory.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use crate::house::{WELCOME, hello, read_frame, read_message};
use crate::signed_peer::{in_records, mac};
use conclib::prelude::*;
use conclib::spi::{Broker, Inlet, Outlet};
use conclib::wire::Frame;
use conclib_net::{Address, AuthKey, Client, LocalBroker, OpenError, Session, SessionEnd};
use conclib_testing::conformance::{BoxFuture, Link, RawPeer, Rig, Supports};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

conclib_testing::conformance!(mod memory, || Sessions::over(|| tokio::io::duplex(64 * 1024).into()));
conclib_testing::conformance!(mod socket_pair, || Sessions::over(|| UnixStream::pair().unwrap().into()));
conclib_testing::conformance!(mod unix, Unix::default);
conclib_testing::conformance!(mod tcp, || Tcp::new("tcp", ""));
conclib_testing::conformance!(mod signed, || Tcp::new("tcp", "?integrity=always"));
#[cfg(feature = "tls")]
conclib_testing::conformance!(mod tls, Tcp::with_tls);

/// Broker on a unix socket. Each client has a socket of its own, whose bytes are passed on, so that
/// its connection can be cut.
struct Unix {
    directory: TempDir,
    links: Mutex<usize>,
}

impl Default for Unix {
    fn default() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            links: Mutex::new(0),
        }
    }
}

impl Unix {
    fn path(&self) -> PathBuf {
        self.directory.path().join("app.sock")
    }
}

impl Rig for Unix {
    fn supports(&self) -> Supports {
        Supports::all()
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        Box::pin(async {
            let address = Address::unix(self.path()).unwrap();
            let broker = LocalBroker::open(&address, None, inlet.clone()).await;
            Arc::new(broker.unwrap()) as Arc<dyn Broker>
        })
    }

    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>> {
        Box::pin(async {
            let path = {
                let mut links = self.links.lock().unwrap();
                *links += 1;
                self.directory.path().join(format!("{links}.sock"))
            };
            let server = self.path();
            let address = Address::unix(&path).unwrap();
            let relay = move || {
                let _ = std::fs::remove_file(&path);
                let listener = UnixListener::bind(&path).unwrap();
                let server = server.clone();
                tokio::spawn(async move {
                    let mut passing = JoinSet::new();
                    while let Ok((mut client, _)) = listener.accept().await {
                        let server = server.clone();
                        passing.spawn(async move {
                            if let Ok(mut server) = UnixStream::connect(server).await {
                                let _ = copy_bidirectional(&mut client, &mut server).await;
                            }
                        });
                    }
                })
            };
            Relayed::connect(&address, None, own, relay).await
        })
    }

    fn raw(&self) -> BoxFuture<'_, Option<Box<dyn RawPeer>>> {
        Box::pin(async {
            let mut stream = UnixStream::connect(self.path()).await.unwrap();
            crate::house::shake_hands(&mut stream).await;
            Some(Box::new(stream) as Box<dyn RawPeer>)
        })
    }

    fn leftovers(&self) -> Vec<String> {
        match self.path().exists() {
            true => vec![self.path().display().to_string()],
            false => Vec::new(),
        }
    }
}

/// Broker on a TCP port, with a key.
struct Tcp {
    key: AuthKey,
    /// URL of the broker, whose port stays free while it is away.
    url: String,
    /// Options of the URLs of clients.
    options: String,
    /// Directory of certificates.
    _files: Option<TempDir>,
}

impl Tcp {
    fn new(scheme: &str, options: &str) -> Self {
        let port = support::free_port();
        Self {
            key: AuthKey::random().unwrap(),
            url: format!("{scheme}://127.0.0.1:{port}{options}"),
            options: String::new(),
            _files: None,
        }
    }

    #[cfg(feature = "tls")]
    fn with_tls() -> Self {
        let files = TempDir::new().unwrap();
        let directory = files.path();
        crate::tls::certificates(directory, "ca");
        let at = directory.display();
        let files_of_server = format!("?cert={at}/ca-server.pem&certkey={at}/ca-server.key");
        Self {
            options: format!("?ca={at}/ca.pem"),
            _files: Some(files),
            ..Self::new("tls", &files_of_server)
        }
    }

    /// Runs the handshake of TLS.
    #[cfg(feature = "tls")]
    async fn secured(&self, stream: TcpStream) -> Box<dyn RawPeer> {
        use tokio_rustls::TlsConnector;
        use tokio_rustls::rustls::pki_types::pem::PemObject as _;
        use tokio_rustls::rustls::pki_types::{CertificateDer, IpAddr, ServerName};
        use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

        let file = self.options.strip_prefix("?ca=").unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(file).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::IpAddress(IpAddr::try_from("127.0.0.1").unwrap());
        let connector = TlsConnector::from(Arc::new(config));
        Box::new(connector.connect(name, stream).await.unwrap())
    }

    /// Scheme of the URL, and host and port of the server.
    fn server(&self) -> (String, String) {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let server = rest.split('?').next().unwrap();
        (scheme.to_owned(), server.to_owned())
    }

    fn is_signed(&self) -> bool {
        self.url.contains("integrity")
    }
}

impl Rig for Tcp {
    fn supports(&self) -> Supports {
        let mut supports = Supports::all();
        // The bytes of a socket may arrive when the clock has jumped.
        supports.paused_time = false;
        supports
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        Box::pin(async {
            let address = Address::parse(&self.url).unwrap();
            let broker = loop {
                let key = Some(self.key.clone());
                match LocalBroker::open(&address, key, inlet.clone()).await {
                    Ok(broker) => break broker,
                    // The task of the former broker has not ended, or a process that another test starts
                    // has its socket until it runs its program.
                    Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            };
            Arc::new(broker) as Arc<dyn Broker>
        })
    }

    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>> {
        Box::pin(async {
            let (scheme, server) = self.server();
            let here = SocketAddr::from(([127, 0, 0, 1], support::free_port()));
            let first = std::net::TcpListener::bind(here).unwrap();
            let first = Mutex::new(Some(first));
            let relay = move || {
                let listener = first.lock().unwrap().take();
                let mut again = std::iter::repeat_with(|| std::net::TcpListener::bind(here));
                // A process that another test starts has the former one until it runs its program.
                let listener = listener.unwrap_or_else(|| again.find_map(Result::ok).unwrap());
                listener.set_nonblocking(true).unwrap();
                let listener = TcpListener::from_std(listener).unwrap();
                let server = server.clone();
                tokio::spawn(async move {
                    let mut passing = JoinSet::new();
                    while let Ok((mut client, _)) = listener.accept().await {
                        let server = server.clone();
                        passing.spawn(async move {
                            if let Ok(mut server) = TcpStream::connect(server).await {
                                let _ = copy_bidirectional(&mut client, &mut server).await;
                            }
                        });
                    }
                })
            };
            let address = Address::parse(&format!("{scheme}://{here}{}", self.options)).unwrap();
            Relayed::connect(&address, Some(self.key.clone()), own, relay).await
        })
    }

    /// Peer that has the key, and then breaks the protocol.
    fn raw(&self) -> BoxFuture<'_, Option<Box<dyn RawPeer>>> {
        Box::pin(async {
            let (scheme, server) = self.server();
            let stream = TcpStream::connect(server).await.unwrap();
            let mut stream: Box<dyn RawPeer> = match &*scheme {
                #[cfg(feature = "tls")]
                "tls" => self.secured(stream).await,
                _ => Box::new(stream),
            };
            let ours = hello(true, [7; 32]);
            stream.write_all(&ours).await.unwrap();
            let theirs = read_message(&mut stream).await.unwrap();
            let (client, server) = (&ours[2..], &theirs[2..]);
            let proof = mac(&self.key, "conclib/1 client", client, server);
            stream.write_all(&[0, 33, 3]).await.unwrap();
            stream.write_all(&proof).await.unwrap();
            assert_eq!(read_message(&mut stream).await.unwrap()[2], WELCOME);
            let mut peer: Box<dyn RawPeer> = match self.is_signed() {
                true => Box::new(in_records(stream, &self.key, client, server)),
                false => stream,
            };
            let hello = read_frame(&mut peer).await.unwrap();
            assert!(matches!(Frame::decode(&hello), Ok(Frame::Hello { .. })));
            Some(peer)
        })
    }
}

/// Client whose bytes a task passes on.
struct Relayed {
    client: Arc<Client>,
    relay: Box<dyn Fn() -> JoinHandle<()> + Send + Sync>,
    running: Mutex<Option<JoinHandle<()>>>,
}

impl Relayed {
    async fn connect(
        address: &Address,
        key: Option<AuthKey>,
        own: &System,
        relay: impl Fn() -> JoinHandle<()> + Send + Sync + 'static,
    ) -> Box<dyn Link> {
        let running = relay();
        let client = Client::connect(address, key).await.unwrap();
        client.serve(&own.inlet());
        Box::new(Self {
            client,
            relay: Box::new(relay),
            running: Mutex::new(Some(running)),
        })
    }

    async fn end_relay(&self) {
        let running = self.running.lock().unwrap().take();
        if let Some(running) = running {
            running.abort();
            let _ = running.await;
        }
    }
}

impl Link for Relayed {
    fn outlet(&self) -> Arc<dyn Outlet> {
        self.client.clone()
    }

    fn cut(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.end_relay().await;
            support::until(|| !self.client.stats().connected).await;
        })
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            *self.running.lock().unwrap() = Some((self.relay)());
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.client.close().await;
            self.end_relay().await;
        })
    }
}

/// Sessions over streams whose two ends are in this process.
struct Sessions<S> {
    make: fn() -> [S; 2],
    server: watch::Sender<Weak<Server>>,
}

impl<S> Sessions<S> {
    fn over(make: fn() -> [S; 2]) -> Self {
        let server = watch::Sender::new(Weak::new());
        Self { make, server }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Rig for Sessions<S> {
    fn supports(&self) -> Supports {
        Supports::all()
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        let server = Arc::new(Server {
            inlet: inlet.clone(),
            sessions: Mutex::new(Some(Vec::new())),
        });
        self.server.send_replace(Arc::downgrade(&server));
        Box::pin(async { server as Arc<dyn Broker> })
    }

    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>> {
        Box::pin(async {
            let session = crate::pair::session("server");
            session.serve(&own.inlet(), "");
            let may_connect = watch::Sender::new(true);
            let mut may = may_connect.subscribe();
            let (make, mut server, client) = (self.make, self.server.subscribe(), session.clone());
            let driver = tokio::spawn(async move {
                loop {
                    let connect = async {
                        let _ = may.wait_for(|may| *may).await;
                        let served = |server: &Weak<Server>| {
                            server.upgrade().is_some_and(|server| !server.is_closed())
                        };
                        let server = server.wait_for(served).await;
                        server.ok().and_then(|server| server.upgrade())
                    };
                    let Some(server) = connect.await else { return };
                    let [near, far] = make();
                    server.accept(far);
                    drop(server);
                    let (reader, writer) = tokio::io::split(near);
                    tokio::select! {
                        end = client.run(reader, writer) => if matches!(end, SessionEnd::Closed) {
                            return;
                        },
                        // The streams are dropped, without a word.
                        _ = may.wait_for(|may| !*may) => {}
                    }
                }
            });
            support::until(|| session.stats().connected && session.peer().is_some()).await;
            Box::new(Driven {
                session,
                may_connect,
                driver: Mutex::new(Some(driver)),
            }) as Box<dyn Link>
        })
    }

    fn raw(&self) -> BoxFuture<'_, Option<Box<dyn RawPeer>>> {
        let [near, far] = (self.make)();
        self.server.borrow().upgrade().unwrap().accept(far);
        Box::pin(async { Some(Box::new(near) as Box<dyn RawPeer>) })
    }
}

/// Session, and the task that runs it.
type Served = (Session, JoinHandle<SessionEnd>);

/// Server ends of sessions.
struct Server {
    inlet: Inlet,
    /// `None` once closed.
    sessions: Mutex<Option<Vec<Served>>>,
}

impl Server {
    fn is_closed(&self) -> bool {
        self.sessions.lock().unwrap().is_none()
    }

    fn accept<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let session = crate::pair::session("client");
        session.serve(&self.inlet, "");
        let task = crate::pair::run(&session, stream);
        if let Some(sessions) = &mut *self.sessions.lock().unwrap() {
            sessions.push((session, task));
        }
    }
}

impl Broker for Server {
    fn url(&self) -> &str {
        "memory"
    }

    fn refuse_new(&self) {
        for (session, _) in self.sessions.lock().unwrap().iter().flatten() {
            session.refuse_new();
        }
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let sessions = self.sessions.lock().unwrap().take();
        Box::pin(async {
            for (session, _) in sessions.iter().flatten() {
                session.close();
            }
            for (_, task) in sessions.into_iter().flatten() {
                let _ = task.await;
            }
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for (_, task) in self.sessions.get_mut().unwrap().iter().flatten() {
            task.abort();
        }
    }
}

/// Client end of a session, and the task that connects it again.
struct Driven {
    session: Session,
    may_connect: watch::Sender<bool>,
    driver: Mutex<Option<JoinHandle<()>>>,
}

impl Link for Driven {
    fn outlet(&self) -> Arc<dyn Outlet> {
        Arc::new(self.session.clone())
    }

    fn cut(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.may_connect.send_replace(false);
            support::until(|| !self.session.stats().connected).await;
        })
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        self.may_connect.send_replace(true);
        Box::pin(async {})
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let driver = self.driver.lock().unwrap().take();
        Box::pin(async {
            self.session.close();
            if let Some(driver) = driver {
                // Without a connection it waits for one.
                if !self.session.stats().connected {
                    driver.abort();
                }
                let _ = driver.await;
            }
        })
    }
}
