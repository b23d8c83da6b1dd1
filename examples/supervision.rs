//! A worker that panics, is restarted after a pause, and is asked again.
//!
//! `cargo run --example supervision`
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;

#[actor]
#[derive(Default)]
struct Worker(u64);

#[actor]
impl Worker {
    #[message]
    fn work(&mut self, part: u64) -> u64 {
        assert!(part != 13, "unlucky");
        self.0 += part;
        self.0
    }
}

#[conclib::main]
async fn main() -> conclib::Result {
    let system = System::new("factory");
    let backoff = Backoff::from(std::time::Duration::from_millis(100));
    let worker = system.actor_with(Worker::default).urn("worker");
    let worker = worker.restart(Restart::on_failure().backoff(backoff));
    let worker = worker.spawn()?;
    println!("{}", worker.work(2).await?);
    let failed = worker.work(13).await.map_err(|why| why.to_string());
    println!("{failed:?}");
    println!("{}, from a fresh state", worker.work(3).await?);
    Ok(())
}
