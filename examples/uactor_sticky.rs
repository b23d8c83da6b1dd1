//! An actor for each core: its process runs on that core and no other.
#![allow(clippy::print_stdout, reason = "a program")]

use std::thread::available_parallelism;

use conclib::prelude::*;
use serde::{Deserialize, Serialize};

#[actor]
#[derive(Serialize, Deserialize)]
struct Sticky;

#[actor]
impl Sticky {
    #[message]
    fn process(&mut self) -> u32 {
        std::process::id()
    }

    /// Cores that the process may run on, as Linux lists them.
    #[message]
    fn cores(&mut self) -> String {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mut lines = status.lines();
        let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        list.unwrap_or_default().trim().to_owned()
    }
}

#[conclib::main]
async fn main(system: System) -> conclib::Result {
    for core in 0..available_parallelism()?.get() {
        let sticky = system.actor(Sticky).in_process().pin_to([core]);
        let sticky = sticky.spawn().await?;
        println!(
            "core {} pid {}",
            sticky.cores().await?,
            sticky.process().await?
        );
    }
    Ok(())
}
