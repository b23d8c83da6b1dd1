//! Relay: a path to a Redis server that is slow, chopped, cut or silent.

use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Condition of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Good,
    /// Subscriptions reach the server 50 ms late.
    LateSubscriptions,
    /// The bytes come in pieces of 1 to 7.
    Chopped,
    /// No byte gets through, and no connection is cut.
    Silent,
}

/// Port on this machine, whose connections go on to the socket of a server.
pub struct Relay {
    port: u16,
    condition: watch::Sender<Condition>,
    resets: watch::Sender<usize>,
    target: Arc<Mutex<PathBuf>>,
    faults: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Wire {
    condition: watch::Receiver<Condition>,
    faults: Arc<AtomicUsize>,
}

impl Relay {
    pub async fn to(socket: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (condition, conditions) = watch::channel(Condition::Good);
        let (resets, reset) = watch::channel(0);
        let target = Arc::new(Mutex::new(PathBuf::from(socket)));
        let faults = Arc::new(AtomicUsize::new(0));
        let wire = Wire {
            condition: conditions,
            faults: faults.clone(),
        };
        let to = target.clone();
        let task = tokio::spawn(async move {
            let mut passing = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let to = to.lock().unwrap().clone();
                passing.spawn(pass(client, to, wire.clone(), reset.clone()));
                while passing.try_join_next().is_some() {}
            }
        });
        Self {
            port,
            condition,
            resets,
            target,
            faults,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn set(&self, condition: Condition) {
        self.condition.send_replace(condition);
    }

    /// Cuts all connections by a reset.
    pub fn reset(&self) {
        self.resets.send_modify(|resets| *resets += 1);
    }

    /// Has new connections go on to another server, and cuts the others.
    pub fn switch(&self, socket: &FilePath) {
        *self.target.lock().unwrap() = socket.into();
        self.reset();
    }

    /// Number of pieces that were late, chopped or held back, and of connections that were cut.
    pub fn faults(&self) -> usize {
        self.faults.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut client: TcpStream, to: PathBuf, wire: Wire, mut reset: watch::Receiver<usize>) {
    reset.mark_unchanged();
    client.set_nodelay(true).unwrap();
    let Ok(mut server) = UnixStream::connect(to).await else {
        return;
    };
    let was_reset = {
        let (client_out, client_in) = client.split();
        let (server_out, server_in) = server.split();
        tokio::select! {
            () = pump(client_out, server_in, wire.clone()) => false,
            () = pump(server_out, client_in, wire.clone()) => false,
            _ = reset.changed() => true,
        }
    };
    if was_reset {
        wire.faults.fetch_add(1, Ordering::Relaxed);
        client.set_zero_linger().unwrap();
    }
}

async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut wire: Wire) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let len = match from.read(&mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(len) => len,
        };
        let condition = *wire.condition.borrow();
        let piece = &bytes[..len];
        match condition {
            Condition::Good => {}
            Condition::LateSubscriptions => {
                if piece
                    .windows(10)
                    .any(|word| word.eq_ignore_ascii_case(b"ssubscribe"))
                {
                    wire.faults.fetch_add(1, Ordering::Relaxed);
                    // The delay is the fault.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Condition::Chopped => {
                wire.faults.fetch_add(1, Ordering::Relaxed);
                let mut rest = piece;
                let mut size = 1;
                while !rest.is_empty() {
                    let (first, later) = rest.split_at(size.min(rest.len()));
                    if to.write_all(first).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                    rest = later;
                    size = size % 7 + 1;
                }
                continue;
            }
            Condition::Silent => {
                wire.faults.fetch_add(1, Ordering::Relaxed);
                let heals = wire.condition.wait_for(|now| *now != Condition::Silent);
                if heals.await.is_err() {
                    return;
                }
            }
        }
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}
