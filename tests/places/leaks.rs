//! Nothing is left of process actors that have ended.

use std::fs;

use conclib::prelude::*;
use support::child::Process;
use support::processes::zombies;

use crate::actors::{Worker, WorkerCalls as _};

/// Numbers of open files, threads, and processes below this one.
fn counts() -> [usize; 3] {
    let entries = |dir: &str| fs::read_dir(dir).unwrap().count();
    let family = Process::family(std::process::id()).len();
    [entries("/proc/self/fd"), entries("/proc/self/task"), family]
}

#[support::test(alone)]
async fn two_hundred_actors_leave_nothing() -> conclib::Result {
    let system = System::new("test");
    let one = async || -> conclib::Result {
        let worker = system.actor(Worker::default()).in_process().spawn().await?;
        worker.add(1).await?;
        worker.stop().await;
        // The numbers of processes below do not have those that wait to be reaped.
        assert_eq!(zombies(), [0; 0]);
        Ok(())
    };
    // The first has what is made once.
    one().await?;
    support::until(|| counts()[2] == 1).await;
    let before = counts();
    for _ in 0..200 {
        one().await?;
    }
    support::until(|| counts() == before).await;
    Ok(())
}
