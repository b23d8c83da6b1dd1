//! Output of processes, and events of `tracing` in them.

use conclib::prelude::*;
use support::capture::capture_of;
use support::until;

use crate::actors::{WorkerCalls as _, worker};

#[support::test]
async fn events_come_to_the_owner_with_their_level() -> conclib::Result {
    let (log, _guard) = capture_of("conclib::process");
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    worker.say("a line".into()).await?;
    worker.warn("no soup\nERROR forged".into()).await?;
    worker.warn_below("deep".into()).await?;
    for (level, message) in [
        ("INFO", "a line"),
        ("WARN", r"places::actors: no soup\nERROR forged left=3"),
        ("WARN", "conclib::process: places::actors: deep left=3 "),
    ] {
        let is_there = |line: &String| {
            line.starts_with(&format!("{level} message={message}"))
                && line.contains(&format!("pid={} ", process.pid))
        };
        until(|| log.lines().iter().any(is_there)).await;
    }
    // The test harness of the process says nothing.
    assert!(
        !log.lines()
            .iter()
            .any(|line| line.contains("running 1 test"))
    );
    let forged = |line: &String| line.starts_with("ERROR");
    assert!(!log.lines().iter().any(forged));
    Ok(())
}
