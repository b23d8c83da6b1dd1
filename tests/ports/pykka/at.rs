//! Runs one test body for each place, and has a client for unknown messages.

use conclib::prelude::*;
use conclib::traits::{Declared, TaskActor};
use conclib::{Place, PrivateDir};

/// A system, and the place where a test has its actors.
pub struct At {
    pub system: System,
    place: Place,
}

impl At {
    pub fn new(place: Place) -> Self {
        let system = System::new("pykka");
        Self { system, place }
    }

    pub fn spawn<A: TaskActor + Declared + Send>(&self, actor: A) -> ActorRef<A> {
        let actor = self.system.actor(actor);
        let spawned = match self.place {
            Place::Thread => actor.on_thread().spawn(),
            _ => actor.spawn(),
        };
        spawned.unwrap()
    }
}

/// Generates two tests from each body: one for each place.
macro_rules! on_every_place {
    ($($test:ident),* $(,)?) => {
        mod as_task {
            $(
                #[support::test]
                async fn $test() {
                    super::$test($crate::pykka::at::At::new(conclib::Place::Task)).await;
                }
            )*
        }

        mod on_thread {
            $(
                #[support::test]
                async fn $test() {
                    super::$test($crate::pykka::at::At::new(conclib::Place::Thread)).await;
                }
            )*
        }
    };
}

pub(crate) use on_every_place;

/// Client that sends messages by name. A message that an actor does not have
/// can only be sent from outside.
pub struct Outside {
    pub client: ProxyClient,
    _proxy: Proxy,
    _dir: PrivateDir,
}

impl Outside {
    pub async fn of(system: &System) -> Self {
        let dir = PrivateDir::new().unwrap();
        let url = format!("unix://{}", dir.path().join("p.sock").display());
        let proxy = Proxy::serve(system, &url).await.unwrap();
        let client = ProxyClient::connect(proxy.url()).await.unwrap();
        Self {
            client,
            _proxy: proxy,
            _dir: dir,
        }
    }

    /// Checks that an undeclared message is refused.
    pub async fn is_unknown<M: conclib::traits::WireMessage>(&self, urn: &str, message: M) {
        let error = self.client.ask(urn, message).await.err().unwrap();
        let unknown = matches!(&error, AskError::NoSuchMessage { .. });
        assert!(unknown && error.to_string().contains(M::NAME), "{error}");
    }
}
