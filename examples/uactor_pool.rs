//! A pool of actors, each in a process of its own, which are asked in turn.
#![allow(clippy::print_stdout, reason = "a program")]

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[actor]
#[derive(Default, Serialize, Deserialize)]
struct Worker;

#[actor]
impl Worker {
    #[message]
    fn process(&mut self) -> u32 {
        std::process::id()
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    let pool = system.pool(Worker::default).size(4);
    let pool = pool.in_process().spawn().await?;
    let mut processes = Vec::new();
    for _ in 0..5 {
        processes.push(pool.ask(WorkerProcess {}).await?);
    }
    println!("{processes:?}");
    Ok(())
}
