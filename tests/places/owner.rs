//! The death of the owner, which is that of all processes below it.

use std::process::Command;
use std::time::{Duration, Instant};

use conclib::prelude::*;
use serde::{Deserialize, Serialize};
use support::child::{Kid, Process, survivors};

/// Has a child process with a child process, and so on.
#[actor]
pub struct Nested {
    child: Option<ActorRef<Nested>>,
}

#[derive(Serialize, Deserialize)]
pub struct Depth(u32);

#[actor]
impl Nested {
    #[on(create)]
    async fn create(Depth(depth): Depth, ctx: &mut Context<Self>) -> conclib::Result<Self> {
        let child = match depth.checked_sub(1) {
            None => None,
            Some(below) => {
                let system = ctx.system();
                let child = system.create::<Self>(Depth(below));
                Some(child.in_process().spawn().await?)
            }
        };
        Ok(Self { child })
    }

    #[message]
    async fn pids(&mut self) -> Vec<u32> {
        let mut pids = vec![std::process::id()];
        if let Some(child) = &self.child {
            pids.extend(child.pids().await.unwrap());
        }
        pids
    }
}

/// Environment variable that makes the test below an owner.
const ROLE: &str = "CONCLIB_TEST_OWNER";

#[support::test]
async fn an_owner() -> conclib::Result {
    if std::env::var_os(ROLE).is_none() {
        return Ok(());
    }
    let system = System::new("owner");
    let nested = system
        .create::<Nested>(Depth(2))
        .in_process()
        .spawn()
        .await?;
    let pids = nested
        .pids()
        .await?
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>();
    println!("pids: {}", pids.join(" "));
    std::future::pending().await
}

#[support::test]
async fn a_kill_of_the_owner_ends_all_processes_below_it() -> conclib::Result {
    let mut owner = Command::new(std::env::current_exe()?);
    owner
        .args(["--exact", "owner::an_owner", "--nocapture"])
        .env(ROLE, "1");
    let mut owner = Kid::start(&mut owner)?;
    let pids = owner.said("pids: ").await?;
    let pids: Vec<u32> = pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 3);
    let family: Vec<Process> = pids.iter().flat_map(|pid| Process::family(*pid)).collect();
    assert!(family.len() >= 3);
    let killed = Instant::now();
    owner.kill()?;
    assert!(survivors(&family).is_empty());
    assert!(
        killed.elapsed() < Duration::from_secs(2),
        "{:?}",
        killed.elapsed()
    );
    Ok(())
}

#[support::test]
async fn an_orderly_end_is_that_of_all_below() -> conclib::Result {
    let system = System::new("test");
    let nested = system
        .create::<Nested>(Depth(2))
        .in_process()
        .spawn()
        .await?;
    let pids = nested.pids().await?;
    let family: Vec<Process> = pids.iter().flat_map(|pid| Process::family(*pid)).collect();
    assert_eq!(nested.stop().await, StopReason::Stopped);
    assert!(survivors(&family).is_empty());
    Ok(())
}
