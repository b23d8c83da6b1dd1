//! Runtime of `#[conclib::main]`.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::system::is_hurried;

/// Time that the end of `#[conclib::main]` waits for threads that still run, unless a second signal
/// has ended it.
const LAST_WORK: Duration = Duration::from_secs(1);

/// Body of `#[conclib::main]`.
#[derive(Debug)]
pub struct Main<F>(pub F);

impl<F> Main<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Runs the body as a task of a multi-threaded runtime. A worker that runs both ends of an ask
    /// wakes no other thread for it.
    ///
    /// # Panics
    /// Panics if the runtime cannot be built, or if the body panics.
    pub fn run(self) -> F::Output {
        let output = Arc::new(Mutex::new(None));
        let result = output.clone();
        run_task(Box::pin(async move {
            let done = self.0.await;
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        }));
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        match output.take() {
            Some(output) => output,
            None => panic!("the runtime has dropped the main function"),
        }
    }
}

/// Fallback of [`Main`], for a body that is not `Send`: it runs beside the tasks of the runtime.
pub trait MainBeside {
    /// Result of the body.
    type Output;

    /// Runs the body.
    ///
    /// # Panics
    /// As [`Main::run`].
    fn run(self) -> Self::Output;
}

impl<F: Future> MainBeside for Main<F> {
    type Output = F::Output;

    fn run(self) -> F::Output {
        let mut output = None;
        run_beside(Box::pin(async { output = Some(self.0.await) }));
        match output {
            Some(output) => output,
            None => panic!("the runtime has dropped the main function"),
        }
    }
}

// The code of the runtime is compiled here, and not once more for each main function.

fn run_task(body: Pin<Box<dyn Future<Output = ()> + Send>>) {
    run_main(|runtime| match runtime.block_on(runtime.spawn(body)) {
        Ok(()) => {}
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => panic!("{cancelled}"),
        },
    });
}

fn run_beside(body: Pin<Box<dyn Future<Output = ()> + '_>>) {
    run_main(|runtime| runtime.block_on(body));
}

fn run_main(main: impl FnOnce(&Runtime)) {
    match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let main = AssertUnwindSafe(|| main(&runtime));
            let result = catch_unwind(main);
            // A plain drop of the runtime would wait without end for a turn that never awaits.
            runtime.shutdown_timeout(if is_hurried() {
                Duration::ZERO
            } else {
                LAST_WORK
            });
            result.unwrap_or_else(|panic| resume_unwind(panic));
        }
        Err(error) => panic!("the tokio runtime could not be built: {error}"),
    }
}
