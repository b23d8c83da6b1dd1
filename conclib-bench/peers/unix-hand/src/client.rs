//! Client: sends requests, and hands the answers to those that wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::UnixStream;
use tokio::sync::oneshot;

use crate::wire::{Reader, Request, Response, Writer, split};

type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<u64, String>>>>>;

#[derive(Clone)]
pub struct Client {
    next: Arc<AtomicU64>,
    pending: Pending,
    writer: Writer,
}

impl Client {
    pub fn new(stream: UnixStream) -> Self {
        let (reader, writer) = split(stream);
        let pending = Pending::default();
        tokio::spawn(receive(reader, pending.clone()));
        Self { next: Arc::default(), pending, writer }
    }

    /// Asks the actor of that name, and returns its reply.
    pub async fn add(&self, to: &str, by: u64) -> Option<u64> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.pending.lock().unwrap().insert(id, answer);
        let to = to.to_owned();
        self.writer.send(&Request { id, to, by }).await;
        answered.await.ok()?.ok()
    }
}

async fn receive(mut reader: Reader, pending: Pending) {
    while let Some(Response { id, reply }) = reader.next().await {
        let waiting = pending.lock().unwrap().remove(&id);
        if let Some(answer) = waiting {
            // A caller that has gone needs no answer.
            let _ = answer.send(reply);
        }
    }
    pending.lock().unwrap().clear();
}
