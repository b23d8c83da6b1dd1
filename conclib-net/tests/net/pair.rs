//! Support: two systems and a session between them.

use std::sync::Arc;

use conclib::prelude::*;
use conclib::spi::{Origin, Outlet, Remote};
use conclib_net::{LinkLimits, Session, SessionEnd};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::task::JoinHandle;

/// Echoes, and asks the desk of the other end on request.
#[actor(urn = "desk")]
pub(crate) struct Desk {
    other: Option<Session>,
    name: &'static str,
}

#[actor]
impl Desk {
    #[message]
    fn echo(&mut self, body: String) -> String {
        body
    }

    /// Passes a number on to the other end, which counts it down to zero.
    #[message(concurrent)]
    fn volley(&self, left: u32) -> impl Future<Output = String> + use<> {
        let (name, other) = (self.name, self.other.clone());
        async move {
            match (left.checked_sub(1), other) {
                (Some(left), Some(other)) => {
                    let rest = Call::new(desk(&other), DeskVolley { left }).await;
                    format!("{name} {}", rest.unwrap())
                }
                _ => name.to_owned(),
            }
        }
    }

    #[message]
    async fn wait(&mut self) {
        std::future::pending::<()>().await;
    }
}

pub(crate) fn desk(session: &Session) -> Remote {
    Remote::new(
        Arc::new(session.clone()) as Arc<dyn Outlet>,
        Urn::new("desk"),
    )
}

pub(crate) fn session(name: &str) -> Session {
    Session::new(Origin::Peer(name.into()), LinkLimits::default()).unwrap()
}

/// Two systems, and the session between them.
pub(crate) struct Pair {
    pub(crate) sessions: [Session; 2],
    pub(crate) systems: [System; 2],
    pub(crate) tasks: [JoinHandle<SessionEnd>; 2],
}

pub(crate) fn run<S>(session: &Session, stream: S) -> JoinHandle<SessionEnd>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let session = session.clone();
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(stream);
        session.run(reader, writer).await
    })
}

impl Pair {
    pub(crate) fn over<S>(streams: [S; 2]) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        Self::limited(streams, LinkLimits::default())
    }

    pub(crate) fn limited<S>([left, right]: [S; 2], limits: LinkLimits) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let sessions =
            ["right", "left"].map(|name| Session::new(Origin::Peer(name.into()), limits).unwrap());
        let systems = [System::new("left"), System::new("right")];
        for ((session, system), name) in sessions.iter().zip(&systems).zip(["left", "right"]) {
            let other = Some(session.clone());
            system.spawn(Desk { other, name }).unwrap();
            session.serve(&system.inlet(), "");
        }
        let tasks = [run(&sessions[0], left), run(&sessions[1], right)];
        Self {
            sessions,
            systems,
            tasks,
        }
    }

    pub(crate) async fn close(self) {
        for system in &self.systems {
            system.shutdown().await;
        }
        self.sessions[0].close();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

pub(crate) fn memory() -> [DuplexStream; 2] {
    tokio::io::duplex(64 * 1024).into()
}
