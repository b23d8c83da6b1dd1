//! Rig of several servers, among which a client finds its own. Each client has a user of its own, so
//! that its connections can be cut.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use conclib_core::System;
use conclib_core::wire::{Broker, Inlet, Outlet};
use conclib_redis::{RedisBroker, RedisClient, RedisUrl};
use conclib_testing::conformance::{BoxFuture, Link, Rig, Supports};
use tokio::runtime::{Builder, Runtime};

use crate::faults::masters::Cluster;
use crate::faults::raw::Raw;
use crate::faults::sentinels::Watched;
use crate::server;

/// Servers that all checks share. They end with this program, however that ends.
struct Site {
    /// Sockets of all servers and sentinels, for the commands of the rig.
    sockets: Vec<String>,
    scheme: &'static str,
    /// Rest of the URL, after the user.
    address: String,
    _runtime: Runtime,
    _servers: Mutex<Box<dyn Any + Send>>,
}

static CLUSTER: LazyLock<Site> = LazyLock::new(|| {
    started(|runtime| {
        let cluster = runtime.block_on(Cluster::start(0));
        Site {
            sockets: cluster.servers.iter().map(|node| node.socket()).collect(),
            scheme: "redis-cluster",
            address: cluster.nodes.clone(),
            _runtime: runtime,
            _servers: Mutex::new(Box::new(cluster)),
        }
    })
});

static FAILED_OVER: LazyLock<Site> = LazyLock::new(|| {
    started(|runtime| {
        let watched = runtime.block_on(async {
            let mut watched = Watched::start().await;
            watched.replace().await;
            watched
        });
        Site {
            sockets: vec![watched.replica.socket(), watched.socket()],
            scheme: "redis-sentinel",
            address: format!("127.0.0.1:{}/shop", watched.port),
            _runtime: runtime,
            _servers: Mutex::new(Box::new(watched)),
        }
    })
});

/// Starts servers in a runtime of their own, which outlives that of a check.
fn started(start: fn(Runtime) -> Site) -> Site {
    let start = move || {
        let mut runtime = Builder::new_multi_thread();
        start(runtime.worker_threads(1).enable_all().build().unwrap())
    };
    std::thread::spawn(start).join().unwrap()
}

/// Namespace of its own in servers that all checks share.
pub struct Nodes {
    site: &'static Site,
    namespace: String,
    links: AtomicUsize,
}

impl Nodes {
    pub fn of_a_cluster() -> Self {
        Self::at(&CLUSTER)
    }

    pub fn after_a_failover() -> Self {
        Self::at(&FAILED_OVER)
    }

    fn at(site: &'static Site) -> Self {
        Self {
            site,
            namespace: server::namespace(),
            links: AtomicUsize::new(0),
        }
    }

    fn url(&self, login: &str) -> RedisUrl {
        let Site {
            scheme, address, ..
        } = self.site;
        let url = format!("{scheme}://{login}{address}?ns={}", self.namespace);
        url.parse().unwrap()
    }
}

impl Rig for Nodes {
    fn supports(&self) -> Supports {
        super::supports()
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        Box::pin(async {
            let broker = RedisBroker::open(self.url(""), None, inlet.clone()).await;
            Arc::new(broker.unwrap()) as Arc<dyn Broker>
        })
    }

    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>> {
        Box::pin(async {
            let link = self.links.fetch_add(1, Ordering::Relaxed);
            let user = User {
                site: self.site,
                name: format!("{}-{link}", self.namespace),
            };
            user.run("ACL SETUSER", "on >secret ~* &* +@all").await;
            let url = self.url(&format!("{}:secret@", user.name));
            let client = RedisClient::connect(url, None).await.unwrap();
            super::serve(&client, own, &self.site.sockets, &self.namespace).await;
            Box::new(Client {
                outlet: client.outlet(),
                client,
                user,
            }) as Box<dyn Link>
        })
    }
}

/// User of the servers.
struct User {
    site: &'static Site,
    name: String,
}

impl User {
    /// Runs a command about the user on all servers.
    async fn run(&self, command: &str, rest: &str) {
        for socket in &self.site.sockets {
            let mut raw = Raw::connect(socket).await.unwrap();
            raw.run(&format!("{command} {} {rest}", self.name)).await;
        }
    }
}

struct Client {
    client: Arc<RedisClient>,
    outlet: Arc<dyn Outlet>,
    user: User,
}

impl Link for Client {
    fn outlet(&self) -> Arc<dyn Outlet> {
        self.outlet.clone()
    }

    fn cut(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.user.run("ACL SETUSER", "off").await;
            self.user.run("CLIENT KILL USER", "").await;
            while self.outlet.outage().is_none() {
                tokio::task::yield_now().await;
            }
        })
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.user.run("ACL SETUSER", "on"))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.client.close().await;
            self.user.run("ACL DELUSER", "").await;
        })
    }
}
