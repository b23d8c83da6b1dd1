//! Conformance of a session over a pipe in memory, without reconnection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use conclib::System;
use conclib::spi::{Broker, Inlet, Origin, Outlet};
use conclib_net::{LinkLimits, Session};
use conclib_testing::conformance::{BoxFuture, Link, RawPeer, Rig, Supports};
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;

conclib_testing::conformance!(mod memory, Memory::default);

/// Connects clients by pipes in memory.
#[derive(Default)]
struct Memory(Mutex<Weak<Server>>);

impl Rig for Memory {
    fn supports(&self) -> Supports {
        let mut supports = Supports::all();
        supports.reconnect = false;
        supports
    }

    fn serve<'a>(&'a self, inlet: &'a Inlet) -> BoxFuture<'a, Arc<dyn Broker>> {
        let server = Arc::new(Server {
            inlet: inlet.clone(),
            ends: Mutex::default(),
        });
        *lock(&self.0) = Arc::downgrade(&server);
        Box::pin(async { server as Arc<dyn Broker> })
    }

    fn connect<'a>(&'a self, own: &'a System) -> BoxFuture<'a, Box<dyn Link>> {
        Box::pin(async {
            let end = End::new(&own.inlet(), self.pipe());
            // References travel once each end knows the system of the other.
            while end.session.peer().is_none() {
                tokio::task::yield_now().await;
            }
            Box::new(end) as Box<dyn Link>
        })
    }

    fn raw(&self) -> BoxFuture<'_, Option<Box<dyn RawPeer>>> {
        Box::pin(async { Some(Box::new(self.pipe()) as Box<dyn RawPeer>) })
    }
}

impl Memory {
    /// Connects to the server, and returns the client's end of the pipe.
    fn pipe(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        if let Some(server) = lock(&self.0).upgrade() {
            let end = End::new(&server.inlet, far);
            lock(&server.ends).push(end);
        }
        near
    }
}

/// Server ends of all pipes.
struct Server {
    inlet: Inlet,
    ends: Mutex<Vec<End>>,
}

impl Broker for Server {
    fn url(&self) -> &str {
        "memory"
    }

    fn refuse_new(&self) {
        for end in &*lock(&self.ends) {
            end.session.refuse_new();
        }
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let ends = std::mem::take(&mut *lock(&self.ends));
        Box::pin(async move {
            for end in &ends {
                Link::close(end).await;
            }
        })
    }
}

/// End of a pipe. A drop cuts it.
struct End {
    session: Session,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl End {
    fn new(inlet: &Inlet, pipe: DuplexStream) -> Self {
        let origin = Origin::Peer("memory".into());
        let session = match Session::new(origin, LinkLimits::default()) {
            Ok(session) => session,
            Err(error) => panic!("{error}"),
        };
        session.serve(inlet, "");
        let running = session.clone();
        let task = tokio::spawn(async move {
            let (reader, writer) = tokio::io::split(pipe);
            running.run(reader, writer).await;
        });
        Self {
            session,
            task: Mutex::new(Some(task)),
        }
    }

    async fn ended(&self) {
        let task = lock(&self.task).take();
        if let Some(task) = task {
            // An error means that the task was aborted.
            let _ = task.await;
        }
    }
}

impl Link for End {
    fn outlet(&self) -> Arc<dyn Outlet> {
        Arc::new(self.session.clone())
    }

    fn cut(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(task) = &*lock(&self.task) {
                task.abort();
            }
            self.ended().await;
        })
    }

    fn restore(&self) -> BoxFuture<'_, ()> {
        unreachable!("it does not reconnect")
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.session.close();
        Box::pin(self.ended())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(task) = &*lock(&self.task) {
            task.abort();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
