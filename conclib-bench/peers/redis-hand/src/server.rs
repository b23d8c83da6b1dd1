//! Server: an actor behind `mpsc`, and a task for each request, so that a slow
//! actor does not delay the others.

use std::collections::HashMap;

use fred::interfaces::{EventInterface, PubsubInterface};
use fred::prelude::Client;
use redis_harness::Address;
use tokio::sync::{mpsc, oneshot};

use crate::wire::{self, Body, REQUESTS, Request, Response};

/// Message of the actor.
struct Message {
    body: Body,
    reply: oneshot::Sender<u64>,
}

/// Actors by their names.
type Actors = HashMap<String, mpsc::Sender<Message>>;

/// Spawns the only actor of the server.
fn spawn_adder() -> Actors {
    let (sender, mut messages) = mpsc::channel::<Message>(1024);
    tokio::spawn(async move {
        let mut sum = 0_u64;
        while let Some(Message { body, reply }) = messages.recv().await {
            let answer = match body {
                Body::Add { by } => {
                    sum = sum.wrapping_add(by);
                    by
                }
                Body::Carry { text } => text.len() as u64,
            };
            // A caller that has gone needs no reply.
            let _ = reply.send(answer);
        }
        sum
    });
    Actors::from([("adder".to_owned(), sender)])
}

/// Serves for ever.
pub async fn serve(address: &Address, ready: impl FnOnce()) {
    let client = wire::connect(address, 1 << 15).await;
    let actors = spawn_adder();
    let mut requests = client.message_rx();
    client.subscribe(REQUESTS).await.expect("the server runs");
    ready();
    while let Ok(message) = requests.recv().await {
        let Some(request) = wire::decode::<Request>(message) else {
            continue;
        };
        let actor = actors.get(&request.to).cloned();
        let client = client.clone();
        tokio::spawn(async move { answer(&client, actor, request).await });
    }
}

async fn answer(client: &Client, actor: Option<mpsc::Sender<Message>>, request: Request) {
    let Request { id, reply_to, to, body } = request;
    let reply = match actor {
        Some(actor) => ask(&actor, body).await,
        None => Err(format!("there is no actor `{to}`")),
    };
    if let Some(channel) = reply_to {
        let response = wire::encode(&Response { id, reply });
        // A caller that has gone needs no answer.
        let _: Result<u64, _> = client.publish(channel, response).await;
    }
}

async fn ask(actor: &mpsc::Sender<Message>, body: Body) -> Result<u64, String> {
    let (reply, replied) = oneshot::channel();
    let stopped = || "the actor has stopped".to_owned();
    actor.send(Message { body, reply }).await.map_err(|_| stopped())?;
    replied.await.map_err(|_| stopped())
}
