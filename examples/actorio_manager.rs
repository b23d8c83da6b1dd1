//! A manager spawns a worker for each request. Each worker answers the
//! requester itself, and ends: the worker that is done first answers first.
//!
//! With `-- --paused` the clock does not wait for real time.
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a program")]

use std::env;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use conclib::prelude::*;

#[message]
struct Done(u64);

#[actor]
struct Manager;

#[actor]
impl Manager {
    #[message(local)]
    async fn request(
        &mut self,
        sender: Recipient<Done>,
        ctx: &mut Context<Self>,
    ) -> Result<(), SpawnError> {
        let worker = ctx.spawn(Worker)?;
        // The manager does not wait for the work, only for room in the mailbox.
        let _ = worker.work(sender).tell().await;
        Ok(())
    }
}

#[actor]
struct Worker;

#[actor]
impl Worker {
    #[message(local)]
    async fn work(&mut self, sender: Recipient<Done>, ctx: &mut Context<Self>) {
        let time = RandomState::new().build_hasher().finish() % 100;
        tokio::time::sleep(Duration::from_millis(time)).await;
        let _ = sender.ask(Done(time)).tell().await;
        ctx.stop();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> conclib::Result {
    if env::args().any(|arg| arg == "--paused") {
        tokio::time::pause();
    }
    let begun = tokio::time::Instant::now();
    let system = System::new("office");
    let manager = system.spawn(Manager)?;
    let mut inbox = Inbox::<Done>::new(10);
    for _ in 0..10 {
        manager.request(inbox.address()).await?;
    }
    for _ in 0..10 {
        if let Some(request) = inbox.recv().await {
            println!("Got a response with result {}", request.message.0);
        }
    }
    eprintln!("all of them after {} ms", begun.elapsed().as_millis());
    Ok(())
}
