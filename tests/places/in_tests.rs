//! Processes that are started by tests of `#[conclib::test]`.

use std::time::Duration;

use conclib::prelude::*;
use conclib::testing;

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
