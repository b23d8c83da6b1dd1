//! Faults of the process of an actor.

use std::time::{Duration, Instant};

use conclib::prelude::*;
use nix::sys::signal::Signal;
use support::child::survivors;

use crate::actors::{WorkerCalls as _, process, signal, worker};

#[support::test]
async fn a_kill_answers_all_asks_that_are_under_way() -> conclib::Result {
    let system = System::new("test");
    let (worker, process) = worker(&system).await?;
    let mut asks = Vec::new();
    for _ in 0..64 {
        asks.push(worker.sleep().reply().await?);
    }
    let killed = Instant::now();
    signal(process.pid, Signal::SIGKILL);
    for ask in asks {
        let error = ask.await.unwrap_err();
        assert!(matches!(error, AskError::Disconnected { .. }), "{error:?}");
    }
    assert!(
        killed.elapsed() < Duration::from_secs(1),
        "{:?}",
        killed.elapsed()
    );
    let reason = worker.stopped().await.unwrap();
    assert!(matches!(reason, StopReason::ProcessExited(_)), "{reason:?}");
    Ok(())
}

#[support::test]
async fn an_exit_in_the_middle_is_a_failure() -> conclib::Result {
    let system = System::new("test");
    for code in [0, 3] {
        let (worker, process) = worker(&system).await?;
        worker.say("so long".into()).await?;
        let error = worker.exit(code).await.unwrap_err();
        assert!(
            matches!(
                error,
                AskError::Disconnected {
                    delivery: Delivery::MayHaveRun,
                    ..
                }
            ),
            "{error:?}"
        );
        let reason = worker.stopped().await.unwrap();
        assert!(reason.is_failure());
        let said = reason.to_string();
        let expected = format!(
            "its process {} exited with code {code}, after the output: ",
            process.pid
        );
        assert!(said.starts_with(&expected), "{said}");
        assert!(said.ends_with("so long"), "{said}");
    }
    Ok(())
}

/// The process is stopped by a signal: it neither answers nor ends.
#[support::test]
async fn a_process_that_stands_still_harms_nobody_else() -> conclib::Result {
    let system = System::new("test");
    let (still, of_still) = worker(&system).await?;
    let (other, _) = worker(&system).await?;
    signal(of_still.pid, Signal::SIGSTOP);
    support::until(|| support::processes::stands_still(of_still.pid)).await;
    let asked = still.add(1).timeout(Duration::from_millis(100)).await;
    assert!(matches!(asked, Err(AskError::Deadline { .. })), "{asked:?}");
    assert_eq!(other.add(1).await?, 1);
    assert_eq!(still.kill().await, StopReason::Killed);
    assert!(!of_still.is_alive());
    Ok(())
}

#[support::test]
async fn a_flood_of_output_holds_nothing_up() -> conclib::Result {
    let system = System::new("test");
    let (worker, _) = worker(&system).await?;
    worker.flood(10 << 20).await?;
    assert_eq!(worker.add(1).await?, 1);
    Ok(())
}

#[support::test]
async fn what_it_started_ends_with_it() -> conclib::Result {
    let system = System::new("test");
    for ends in [Signal::SIGTERM, Signal::SIGKILL] {
        let (worker, of_worker) = worker(&system).await?;
        let forked = process(worker.fork().await?);
        assert!(forked.is_alive());
        signal(of_worker.pid, ends);
        worker.stopped().await;
        assert!(survivors(&[forked]).is_empty());
    }
    let (worker, _) = worker(&system).await?;
    let forked = process(worker.fork().await?);
    assert_eq!(worker.stop().await, StopReason::Stopped);
    assert!(survivors(&[forked]).is_empty());
    Ok(())
}
