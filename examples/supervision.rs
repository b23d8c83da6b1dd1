//! A worker that panics, is restarted after a pause, and is asked again.
//!
//! `cargo run --example supervision`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;
use std::time::Duration;

#[actor(urn = "worker")]
struct Worker;

#[actor]
impl Worker {
    #[message]
    fn work(&mut self, part: u64) -> u64 {
        100 / part
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let restart = Restart::on_failure().backoff(Backoff::from(Duration::from_millis(100)));
    let worker = system.actor_with(|| Worker).restart(restart).spawn()?;
    println!("{:?}", worker.work(0).await.map_err(|why| why.to_string()));
    println!("{}, from a fresh state", worker.work(4).await?);
    Ok(())
}
