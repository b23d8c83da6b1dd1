//! Runtime of `#[conclib::main]`.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Time that the end of `#[conclib::main]` waits for threads that still run.
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
        run_main(|runtime| match runtime.block_on(runtime.spawn(self.0)) {
            Ok(output) => output,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                Err(cancelled) => panic!("{cancelled}"),
            },
        })
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
        run_main(|runtime| runtime.block_on(self.0))
    }
}

fn run_main<T>(main: impl FnOnce(&Runtime) -> T) -> T {
    match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let main = AssertUnwindSafe(|| main(&runtime));
            let result = catch_unwind(main);
            // A plain drop of the runtime would wait without end for a turn that never awaits.
            runtime.shutdown_timeout(LAST_WORK);
            result.unwrap_or_else(|panic| resume_unwind(panic))
        }
        Err(error) => panic!("the tokio runtime could not be built: {error}"),
    }
}
