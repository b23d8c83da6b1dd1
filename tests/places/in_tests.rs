//! Processes and threads that are started by tests of `#[conclib::test]`.

use std::time::Duration;

use conclib::prelude::*;
use conclib::testing;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::yield_now;

use crate::actors::{WorkerCalls as _, worker};

#[conclib::test]
async fn r#the_first_process_resumes_the_clock(system: System) -> conclib::Result {
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let (worker, _) = worker(&system).await?;
    let sleeping = worker.sleep().timeout(Duration::from_millis(20)).await;
    assert!(
        matches!(sleeping, Err(AskError::Deadline { .. })),
        "{sleeping:?}"
    );
    testing::quiet(&system).await;
    worker.kill().await;
    Ok(())
}

#[conclib::test]
async fn a_test_may_resume_and_pause_its_clock_itself(system: System) -> conclib::Result {
    tokio::time::resume();
    let (first, _) = worker(&system).await?;
    tokio::time::pause();
    let (second, _) = worker(&system).await?;
    assert_ne!(first.pid().await?, second.pid().await?);
    Ok(())
}

#[conclib::test]
async fn a_test_may_call_what_a_main_function_does(system: System) -> conclib::Result {
    conclib::process::init();
    let (worker, _) = worker(&system).await?;
    assert_eq!(worker.add(1).await?, 1);
    Ok(())
}

/// Takes many polls to stop, and says when its hook is through.
#[actor]
struct Slow {
    through: UnboundedSender<()>,
}

#[actor]
impl Slow {
    #[on(stop)]
    async fn stop(&mut self) {
        for _ in 0..1000 {
            yield_now().await;
        }
        self.through.send(()).unwrap();
    }
}

#[conclib::test]
async fn a_shutdown_waits_for_the_hook_of_an_actor_on_a_thread(system: System) -> conclib::Result {
    let (through, mut hooks) = unbounded_channel();
    let _slow = system.actor(Slow { through }).on_thread().spawn()?;
    let report = system.shutdown().await;
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.stopped, 1);
    hooks.try_recv()?;
    Ok(())
}

/// Has a child on a thread.
#[actor]
struct Parent;

#[actor]
impl Parent {
    #[message(local)]
    fn hire(&mut self, through: UnboundedSender<()>, ctx: &mut Context<Self>) {
        let child = ctx.actor(Slow { through }).urn("slow");
        child.on_thread().spawn().unwrap();
    }
}

#[conclib::test]
async fn a_parent_waits_for_the_hook_of_a_child_on_a_thread(system: System) -> conclib::Result {
    let (through, mut hooks) = unbounded_channel();
    let parent = system.spawn(Parent)?;
    parent.hire(through).await?;
    assert_eq!(parent.stop().await, StopReason::Stopped);
    hooks.try_recv()?;
    Ok(())
}
