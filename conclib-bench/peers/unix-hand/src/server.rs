//! Server: an actor behind `mpsc`, and a task for each request, so that a slow
//! actor does not delay the others.

use std::collections::HashMap;

use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

use crate::wire::{Request, Response, Writer, split};

/// Message of the actor.
pub struct Add {
    by: u64,
    reply: oneshot::Sender<u64>,
}

/// Actors by their names.
type Actors = HashMap<String, mpsc::Sender<Add>>;

/// Spawns the only actor of the server.
pub fn spawn_adder() -> Actors {
    let (sender, mut messages) = mpsc::channel::<Add>(1024);
    tokio::spawn(async move {
        let mut sum = 0_u64;
        while let Some(Add { by, reply }) = messages.recv().await {
            sum = sum.wrapping_add(by);
            // A caller that has gone needs no reply.
            let _ = reply.send(by);
        }
        sum
    });
    Actors::from([("adder".to_owned(), sender)])
}

/// Serves a connection until it ends.
pub async fn serve(stream: UnixStream, actors: &Actors) {
    let (mut reader, writer) = split(stream);
    while let Some(Request { id, to, by }) = reader.next().await {
        let actor = actors.get(&to).cloned();
        let writer = writer.clone();
        tokio::spawn(async move {
            let reply = match actor {
                Some(actor) => ask(&actor, by).await,
                None => Err(format!("there is no actor `{to}`")),
            };
            answer(&writer, id, reply).await;
        });
    }
}

async fn ask(actor: &mpsc::Sender<Add>, by: u64) -> Result<u64, String> {
    let (reply, replied) = oneshot::channel();
    let stopped = || "the actor has stopped".to_owned();
    actor.send(Add { by, reply }).await.map_err(|_| stopped())?;
    replied.await.map_err(|_| stopped())
}

async fn answer(writer: &Writer, id: u64, reply: Result<u64, String>) {
    writer.send(&Response { id, reply }).await;
}
