//! Client: publishes requests, and hands the answers to those that wait.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fred::interfaces::{EventInterface, PubsubInterface};
use fred::prelude::Client;
use fred::types::Message;
use redis_harness::{Address, BY};
use tokio::sync::broadcast::Receiver;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::server;
use crate::wire::{self, Body, REQUESTS, Request, Response};

/// Time for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<u64, String>>>>>;

#[derive(Clone)]
pub struct Asker {
    client: Client,
    next: Arc<AtomicU64>,
    pending: Pending,
    reply_to: String,
}

impl Asker {
    /// Asks the actor of that name, and returns its reply.
    async fn request(&self, to: &str, body: Body) -> Result<u64, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.pending.lock().unwrap().insert(id, answer);
        let reply_to = Some(self.reply_to.clone());
        self.publish(&Request { id, reply_to, to: to.to_owned(), body }).await;
        match timeout(TIMEOUT, answered).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Err("the connection is lost".to_owned()),
            Err(_) => {
                self.pending.lock().unwrap().remove(&id);
                Err("no answer in time".to_owned())
            }
        }
    }

    async fn publish(&self, request: &Request) {
        let receivers: u64 =
            self.client.publish(REQUESTS, wire::encode(request)).await.expect("the server runs");
        assert_eq!(receivers, 1);
    }
}

async fn receive(mut replies: Receiver<Message>, pending: Pending) {
    while let Ok(message) = replies.recv().await {
        let Some(Response { id, reply }) = wire::decode(message) else {
            continue;
        };
        let waiting = pending.lock().unwrap().remove(&id);
        if let Some(answer) = waiting {
            // A caller that has gone needs no answer.
            let _ = answer.send(reply);
        }
    }
    pending.lock().unwrap().clear();
}

impl redis_harness::Client for Asker {
    async fn serve(address: Address, ready: impl FnOnce() + Send) {
        server::serve(&address, ready).await;
    }

    async fn connect(address: &Address) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let client = wire::connect(address, 1 << 10).await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let reply_to = format!("rpc:replies:{}:{number}", std::process::id());
        let pending = Pending::default();
        tokio::spawn(receive(client.message_rx(), pending.clone()));
        client.subscribe(&reply_to).await.expect("the server runs");
        Self { client, next: Arc::default(), pending, reply_to }
    }

    async fn ask(&self) {
        assert_eq!(self.request("adder", Body::Add { by: BY }).await, Ok(BY));
    }

    async fn tell(&self) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let body = Body::Add { by: BY };
        self.publish(&Request { id, reply_to: None, to: "adder".to_owned(), body }).await;
    }

    async fn settle(&self) {
        self.ask().await;
    }

    async fn carry(&self, text: &str) {
        let body = Body::Carry { text: text.to_owned() };
        assert_eq!(self.request("adder", body).await, Ok(text.len() as u64));
    }
}
