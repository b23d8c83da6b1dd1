//! Runs one check.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::rig::{BoxFuture, Need, Rig};
use super::stage::Stage;

/// Longest real time of a check, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);

type Check = for<'a> fn(&'a mut Stage) -> BoxFuture<'a, ()>;

/// Runs one check with a rig of its own, on a thread of its own.
///
/// # Panics
/// Panics if the check fails, if it leaves a task or one of the rig's [leftovers], or if it takes
/// longer than two minutes.
///
/// [leftovers]: Rig::leftovers
pub fn on_one_thread<R: Rig>(make: impl FnOnce() -> R + Send + 'static, need: Need, check: Check) {
    run(Box::new(|| Box::new(make())), need, check, false);
}

/// Does the same on a runtime with two worker threads.
///
/// # Panics
/// As [`on_one_thread`].
pub fn on_threads<R: Rig>(make: impl FnOnce() -> R + Send + 'static, need: Need, check: Check) {
    run(Box::new(|| Box::new(make())), need, check, true);
}

type Make = Box<dyn FnOnce() -> Box<dyn Rig> + Send>;

fn run(make: Make, need: Need, check: Check, on_threads: bool) {
    let name = thread::current().name().unwrap_or("a check").to_owned();
    let (sender, done) = mpsc::channel();
    let body = move || {
        let run = || {
            let rig = make();
            if !need.is_met_by(rig.supports()) {
                return;
            }
            let runtime = runtime(on_threads, rig.supports().paused_time);
            runtime.block_on(async move {
                let mut stage = Stage::new(rig).await;
                check(&mut stage).await;
                stage.end().await;
            });
        };
        let _ = sender.send(catch_unwind(AssertUnwindSafe(run)));
    };
    let thread = match thread::Builder::new().name(name.clone()).spawn(body) {
        Ok(thread) => thread,
        Err(error) => panic!("no thread for the check: {error}"),
    };
    match done.recv_timeout(PATIENCE) {
        Ok(Ok(())) => drop(thread.join()),
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => panic!("`{name}` hangs: it took more than {PATIENCE:?}"),
    }
}

fn runtime(on_threads: bool, paused: bool) -> Runtime {
    let runtime = match on_threads {
        true => Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build(),
        false => Builder::new_current_thread()
            .enable_all()
            .start_paused(paused)
            .build(),
    };
    match runtime {
        Ok(runtime) => runtime,
        Err(error) => panic!("the tokio runtime could not be built: {error}"),
    }
}
