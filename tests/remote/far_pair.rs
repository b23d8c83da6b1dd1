//! Two systems with a link between them, of three kinds: in memory, over a unix socket, over TCP.

use std::sync::Arc;
use std::time::Duration;

use conclib::LinkLimits;
use conclib::prelude::*;
use conclib::spi::{MAX_CONTROL_WAITS, Outlet, Remote};
use conclib::traits::Travels;
use conclib_net::{Address, Client};
use support::outside::{Place, Road};

use crate::far_references::Publisher;
use crate::memory::{self, End, MAX_EXPORTS};

/// Kind of a link.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    Memory,
    Socket(Road),
}

impl From<Road> for Way {
    fn from(road: Road) -> Self {
        Self::Socket(road)
    }
}

/// Generates three tests from each body: one for each kind of link.
macro_rules! on_every_way {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(
                #[::support::test]
                async fn $test() -> conclib::Result {
                    super::$test(crate::far_pair::Way::Memory).await
                }
            )*
        }
        ::support::outside::on_every_road!($($test),*);
    };
}
pub(crate) use on_every_way;

/// Two systems, with a publisher in the far one.
pub struct Pair {
    pub home: System,
    pub away: System,
    pub publisher: ActorRef<Publisher>,
    pub far: ActorRef<Publisher>,
    link: Link,
}

enum Link {
    Memory(Arc<End>, Arc<End>),
    Socket {
        client: Arc<Client>,
        _proxy: Proxy,
        _place: Place,
    },
}

pub async fn pair(way: impl Into<Way>) -> conclib::Result<Pair> {
    let (home, away) = (System::new("home"), System::new("away"));
    let publisher = away.spawn(Publisher::default())?;
    let link = match way.into() {
        Way::Memory => {
            let (end, far_end) = memory::connect(&home, &away);
            Link::Memory(end, far_end)
        }
        Way::Socket(road) => over_a_socket(road, &home, &away).await?,
    };
    Ok(Pair {
        far: remote(link.outlet(), "publisher"),
        home,
        away,
        publisher,
        link,
    })
}

async fn over_a_socket(road: Road, home: &System, away: &System) -> conclib::Result<Link> {
    let mut limits = LinkLimits::default();
    limits.references = MAX_EXPORTS;
    // An actor gets a quarter of the window, which is less than it may have of control requests.
    limits.window = 5 * MAX_CONTROL_WAITS;
    limits.abandoned = limits.window;
    let mut place = Place::new(road)?;
    let proxy = place.serve_with(away, |serve| serve.limits(limits)).await?;
    let address = Address::parse(place.url())?;
    let client = Client::connect_with_limits(&address, place.key().cloned(), limits).await?;
    client.serve(&home.inlet());
    Ok(Link::Socket {
        client,
        _proxy: proxy,
        _place: place,
    })
}

impl Link {
    fn outlet(&self) -> Arc<dyn Outlet> {
        match self {
            Self::Memory(end, _) => end.clone(),
            Self::Socket { client, .. } => client.clone(),
        }
    }
}

impl Pair {
    /// Far reference to the actor of that name, from home.
    pub fn actor<A: Travels>(&self, urn: &str) -> ActorRef<A> {
        remote(self.link.outlet(), urn)
    }

    /// Asks by wire names, in JSON.
    pub async fn ask_json(
        &self,
        urn: &str,
        message: &str,
        body: serde_json::Value,
    ) -> Result<serde_json::Value, AskError> {
        let remote = Remote::new(self.link.outlet(), Urn::new(urn));
        remote
            .ask_json(message, &body, Duration::from_secs(30))
            .await
    }

    /// Loses the connection for ever, at home.
    pub async fn cut(&self) {
        match &self.link {
            Link::Memory(end, _) => end.cut(),
            Link::Socket { client, .. } => client.close().await,
        }
    }

    /// Number of actors at home that are kept alive for the other end.
    pub fn kept(&self) -> usize {
        match &self.link {
            Link::Memory(end, _) => end.kept(),
            Link::Socket { .. } => exported(&self.home),
        }
    }

    /// Number of actors away that are kept alive for home.
    pub fn kept_away(&self) -> usize {
        match &self.link {
            Link::Memory(_, end) => end.kept(),
            Link::Socket { .. } => exported(&self.away),
        }
    }

    /// Number of requests from home that wait for their answers.
    pub fn pending(&self) -> usize {
        match &self.link {
            Link::Memory(end, _) => end.pending(),
            Link::Socket { client, .. } => client.stats().in_flight,
        }
    }
}

fn remote<A: Travels>(outlet: Arc<dyn Outlet>, urn: &str) -> ActorRef<A> {
    ActorRef::remote(Remote::new(outlet, Urn::new(urn)))
}

fn exported(system: &System) -> usize {
    let links = system.snapshot().links;
    links.iter().map(|link| link.exported).sum()
}
