//! Rig of one server. Each client has a socket of its own, so that its connection can be cut.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use conclib_core::System;
use conclib_core::wire::{Broker, Inlet, Outlet};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};
use conclib_testing::conformance::{BoxFuture, Link, RawPeer, Rig, Supports};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use super::raw_peer;
use crate::server;

/// Namespace of its own in the server of the test program. Each client has a socket of its own,
/// whose bytes are passed on, so that its connection can be cut.
pub struct OneServer {
    directory: TempDir,
    namespace: String,
    links: Mutex<usize>,
}

impl Default for OneServer {
    fn default() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            namespace: server::namespace(),
            links: Mutex::new(0),
        }
    }
}

impl OneServer {
    fn url(&self, socket: &str) -> RedisUrl {
        let url = format!("redis+unix://{socket}?ns={}", self.namespace);
        url.parse().unwrap()
    }
}

impl Rig for OneServer {
    fn supports(&self) -> Supports {
        super::supports()
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        Box::pin(async {
            let url = self.url(server::socket());
            let broker = RedisBroker::open(url, None, inlet.clone()).await;
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
            let relay = Mutex::new(Some(relay(path.clone())));
            let url = self.url(path.to_str().unwrap());
            let client = RedisClient::connect(url, None).await.unwrap();
            let sockets = [server::socket().to_owned()];
            super::serve(&client, own, &sockets, &self.namespace).await;
            let outlet = client.outlet();
            Box::new(Relayed {
                client,
                outlet,
                path,
                relay,
            }) as Box<dyn Link>
        })
    }

    fn raw(&self) -> BoxFuture<'_, Option<Box<dyn RawPeer>>> {
        Box::pin(async { Some(raw_peer::connect(&self.namespace).await) })
    }
}

/// Passes the bytes of all connections to a socket on to the server.
fn relay(path: PathBuf) -> JoinHandle<()> {
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let mut passing = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            passing.spawn(async move {
                if let Ok(mut server) = UnixStream::connect(server::socket()).await {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    })
}

/// Client whose bytes a task passes on.
struct Relayed {
    client: Arc<RedisClient>,
    outlet: Arc<dyn Outlet>,
    path: PathBuf,
    relay: Mutex<Option<JoinHandle<()>>>,
}

impl Relayed {
    async fn end_relay(&self) {
        let relay = self.relay.lock().unwrap().take();
        if let Some(relay) = relay {
            relay.abort();
            let _ = relay.await;
        }
    }
}

impl Link for Relayed {
    fn outlet(&self) -> Arc<dyn Outlet> {
        self.outlet.clone()
    }

    fn cut(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.end_relay().await;
            while self.outlet.outage().is_none() {
                tokio::task::yield_now().await;
            }
        })
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        *self.relay.lock().unwrap() = Some(relay(self.path.clone()));
        Box::pin(async {})
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.client.close().await;
            self.end_relay().await;
        })
    }
}
