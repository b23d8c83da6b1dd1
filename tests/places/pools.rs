//! Pools whose workers have processes of their own.

use std::collections::HashSet;
use std::time::Duration;

use conclib::pool::Routing;
use conclib::prelude::*;
use conclib::process::InProcessError;
use futures_util::future::{join_all, try_join_all};
use nix::sys::signal::Signal;
use support::child::survivors;
use support::until;
use tokio::sync::mpsc;

use crate::actors::{
    How, Roll, Starter, StarterText, Worker, WorkerAdd, WorkerCalls as _, WorkerPid, WorkerReport,
    process, signal,
};
use crate::calls::{Meeting, Sleeper, SleeperCalls as _};

#[support::test]
async fn all_workers_take_turns() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(4);
    let pool = pool.routing(Routing::RoundRobin).in_process();
    let pool = pool.spawn().await?;
    let mut pids = Vec::new();
    for _ in 0..5 {
        pids.push(pool.ask(WorkerPid {}).await?);
    }
    assert_eq!(pids.iter().collect::<HashSet<_>>().len(), 4, "{pids:?}");
    assert_eq!(pids[4], pids[0]);
    assert!(!pids.contains(&std::process::id()));

    let processes: Vec<_> = pids[..4].iter().map(|pid| process(*pid)).collect();
    drop(pool);
    until(|| processes.iter().all(|it| !it.is_alive())).await;
    until(|| system.all().is_empty()).await;
    Ok(())
}

#[support::test]
async fn a_broadcast_reaches_every_worker() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(3).in_process();
    let pool = pool.spawn().await?;
    let (pids, mut reported) = mpsc::unbounded_channel();
    let roll = system.spawn(Roll { pids })?;
    assert_eq!(pool.broadcast(WorkerReport { roll }).delivered, 3);
    let mut pids = Vec::new();
    for worker in pool.workers() {
        // Behind the report of this worker.
        pids.push(worker.pid().await?);
    }
    let mut here = Vec::new();
    while let Ok(pid) = reported.try_recv() {
        here.push(pid);
    }
    pids.sort_unstable();
    here.sort_unstable();
    assert_eq!(here, pids);
    assert_eq!(pids.iter().collect::<HashSet<_>>().len(), 3, "{pids:?}");
    Ok(())
}

/// All questions are under way before the first of them is answered.
#[support::test]
async fn concurrent_questions_go_to_all_workers_in_turn() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Sleeper::default).size(4);
    let pool = pool.routing(Routing::RoundRobin).in_process();
    let pool = pool.spawn().await?;
    let meeting = system.spawn(Meeting::of(5))?;
    let asks = (1..=5).map(|n| pool.square(meeting.clone(), n).into_future());
    let answers = try_join_all(asks).await?;
    let (squares, pids): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    assert_eq!(squares, [1, 4, 9, 16, 25]);
    assert_eq!(pids.iter().collect::<HashSet<_>>().len(), 4, "{pids:?}");
    assert_eq!(pids[4], pids[0]);
    assert!(!pids.contains(&std::process::id()));
    Ok(())
}

#[support::test]
async fn a_busy_worker_is_passed_over() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(2).in_process();
    let pool = pool.spawn().await?;
    let busy = pool.worker();
    let busy_pid = busy.pid().await?;
    let _hangs = busy.sleep().reply().await?;
    for _ in 0..20 {
        assert_ne!(pool.ask(WorkerPid {}).await?, busy_pid);
    }
    let snapshot = system.snapshot();
    let shown = snapshot.actors.iter().find(|it| it.urn == busy.urn());
    assert_eq!(shown.map(|it| it.depth), Some(1));
    pool.stop().now_or_killed(&busy).await;
    Ok(())
}

/// Ends a pool one worker of which hangs.
trait NowOrKilled: Future<Output = ()> + Sized {
    async fn now_or_killed(self, worker: &ActorRef<Worker>) {
        let ((), reason) = tokio::join!(self, async { worker.kill().await });
        assert_eq!(reason, StopReason::Killed);
    }
}

impl<F: Future<Output = ()>> NowOrKilled for F {}

#[support::test]
async fn a_killed_worker_is_restarted_and_the_others_go_on() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(3).in_process();
    let pool = pool.spawn().await?;
    let workers = pool.workers();
    let victim = workers[1].pid().await?;
    let killed = process(victim);
    let hangs = workers[1].sleep().reply().await?;
    signal(victim, Signal::SIGKILL);
    let error = hangs.await.unwrap_err();
    assert!(matches!(error, AskError::Disconnected { .. }), "{error:?}");
    for _ in 0..30 {
        // No message goes to a process that is known to be gone.
        assert_ne!(pool.ask(WorkerPid {}).await?, victim);
    }
    workers[1].started().await?;
    until(|| workers[1].state() == Some(State::Running)).await;
    assert_eq!(workers[1].generation(), Some(2));
    assert_ne!(workers[1].pid().await?, victim);
    assert!(!killed.is_alive());
    assert_eq!(pool.workers(), workers, "the same workers");
    Ok(())
}

#[support::test]
async fn a_worker_that_is_not_restarted_is_replaced() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(2);
    let backoff = Backoff::from(Duration::from_millis(1));
    let pool = pool.restart(Restart::never().backoff(backoff)).in_process();
    let pool = pool.spawn().await?;
    for victim in pool.workers() {
        let pid = victim.pid().await?;
        drop(victim.exit(3).await);
        let reason = victim.stopped().await.unwrap();
        assert!(matches!(reason, StopReason::ProcessExited(_)), "{reason}");
        until(|| pool.len() == 2 && !pool.workers().contains(&victim)).await;
        for worker in pool.workers() {
            assert_ne!(worker.pid().await?, pid);
        }
    }
    // So is one that was stopped.
    let stopped = pool.worker();
    assert_eq!(stopped.stop().await, StopReason::Stopped);
    until(|| pool.len() == 2 && !pool.workers().contains(&stopped)).await;
    assert_eq!(pool.ask(WorkerAdd { by: 1 }).await?, 1);
    Ok(())
}

#[support::test]
async fn asks_behind_a_panic_are_answered_by_another_worker() -> conclib::Result {
    let system = System::new("test");
    for policy in [Restart::on_failure(), Restart::never()] {
        let backoff = Backoff::from(Duration::from_secs(600));
        let pool = system.pool(Worker::default).size(2);
        let pool = pool.restart(policy.backoff(backoff)).in_process();
        let pool = pool.spawn().await?;
        let worker = pool.worker();
        let pid = worker.pid().await?;
        let panics = worker.panic("of the test".into());
        let asks = join_all((0..64).map(|_| pool.ask(WorkerPid {}).into_future()));
        let (panicked, answers) = tokio::join!(panics.into_future(), asks);
        assert!(matches!(panicked, Err(AskError::Panicked { .. })));
        let other = pool.ask(WorkerPid {}).await?;
        assert_ne!(other, pid);
        for answer in answers {
            assert_eq!(answer?, other);
        }
        pool.stop().await;
    }
    Ok(())
}

#[support::test]
async fn messages_wait_while_the_only_worker_starts_again() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(1).in_process();
    let pool = pool.spawn().await?;
    let worker = pool.worker();
    let pid = worker.pid().await?;
    drop(worker.exit(0).await);
    until(|| worker.generation() == Some(2) || worker.state() != Some(State::Running)).await;
    let (one, other) = tokio::join!(
        pool.ask(WorkerPid {}),
        pool.ask_for("key", WorkerAdd { by: 2 })
    );
    assert_ne!(one?, pid);
    assert_eq!(other?, 2);
    Ok(())
}

#[support::test]
async fn a_pool_grows_and_shrinks_and_has_a_name() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool_of::<Starter>(How::Well("hello".into()));
    let pool = pool.size(1).urn("starters").in_process();
    let pool = pool.env("CONCLIB_TEST_POOL", "here").spawn().await?;
    pool.resize(3)?;
    assert_eq!(pool.len(), 3);
    let names: Vec<_> = pool.workers().iter().map(ActorRef::urn).collect();
    let names: Vec<_> = names.iter().map(|urn| urn.as_str()).collect();
    assert_eq!(names, ["starters-0", "starters-1", "starters-2"]);
    for _ in 0..6 {
        assert_eq!(pool.ask(StarterText {}).await?, "hello");
    }
    let surplus = pool.workers().split_off(1);
    pool.resize(1)?;
    for worker in surplus {
        assert_eq!(worker.stopped().await, Some(StopReason::Stopped));
    }
    pool.stop().await;
    assert!(system.all().is_empty());
    let refused = pool.ask(StarterText {}).await.unwrap_err();
    assert!(matches!(refused, AskError::Stopped { .. }), "{refused:?}");
    Ok(())
}

#[support::test]
async fn a_worker_that_does_not_start_is_the_error_of_the_pool() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool_of::<Starter>(How::Error("no room".into()));
    let policy = Restart::never();
    let refused = pool.size(2).restart(policy).in_process().spawn().await;
    let error = refused.unwrap_err();
    assert!(matches!(error, InProcessError::Start(_)), "{error:?}");
    assert!(error.to_string().contains("no room"), "{error}");
    until(|| system.all().is_empty()).await;
    Ok(())
}

#[support::test]
async fn a_pool_ends_with_its_system() -> conclib::Result {
    let system = System::new("test");
    let pool = system.pool(Worker::default).size(2).urn("pool");
    let pool = pool.in_process().spawn().await?;
    let mut processes = Vec::new();
    for worker in pool.workers() {
        processes.push(process(worker.pid().await?));
    }
    system.shutdown().await;
    assert!(survivors(&processes).is_empty());
    assert!(pool.is_empty());
    Ok(())
}

/// CPUs that a process may run on, as Linux lists them.
#[cfg(target_os = "linux")]
async fn cpus(worker: &ActorRef<Worker>) -> conclib::Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", worker.pid().await?))?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    Ok(list.unwrap_or_default().trim().to_owned())
}

#[cfg(target_os = "linux")]
#[support::test]
async fn each_worker_has_its_cpu_and_keeps_it() -> conclib::Result {
    let system = System::new("test");
    let count = std::thread::available_parallelism()?.get().min(2);
    let restart = Restart::on_failure().backoff(Backoff::none());
    let pool = system.pool(Worker::default).size(3).restart(restart);
    let pool = pool.in_process().pin_each_to(0..count).spawn().await?;
    for (place, worker) in pool.workers().into_iter().enumerate() {
        let cpu = (place % count).to_string();
        assert_eq!(cpus(&worker).await?, cpu);
        let before = worker.pid().await?;
        worker.panic("enough".into()).await.unwrap_err();
        assert_ne!(worker.pid().await?, before);
        assert_eq!(cpus(&worker).await?, cpu);
    }
    Ok(())
}
