//! Runtime of a test.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use conclib_core::__private::set_resume;
use conclib_core::System;
use tokio::runtime::Builder;
use tokio::time::Instant;

/// Runs the body of a test on one thread and on paused time. `#[conclib::test]` expands to this.
///
/// The paused clock stands still while there is something to do, and else jumps at once to the next
/// timer that is due. A minute of waiting takes no time, and happens in the same order each time.
/// The clock does not wait for other threads: a test of actors with a thread of their own, or of
/// a connection to another process, runs on real time, by `#[tokio::test]`. An actor that is spawned
/// `in_process()` resumes the clock: from then on the test runs on real time. So does a shutdown of a
/// system with an actor on a thread, and a parent that ends a child on a thread.
///
/// ```
/// use std::time::Duration;
/// use conclib::testing;
///
/// let real = std::time::Instant::now();
/// testing::run(async {
///     tokio::time::sleep(Duration::from_secs(3600)).await;
/// });
/// assert!(real.elapsed() < Duration::from_secs(60));
/// ```
///
/// # Panics
/// Panics if the runtime cannot be built, or if it is called inside a runtime.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let mut output = None;
    block_on(Box::pin(async { output = Some(test.await) }));
    match output {
        Some(output) => output,
        None => panic!("the runtime has dropped the test"),
    }
}

/// Runs a test without its type: the code of the runtime is compiled once.
fn block_on(test: Pin<Box<dyn Future<Output = ()> + '_>>) {
    match Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
    {
        Ok(runtime) => {
            set_resume(resume);
            runtime.block_on(test);
        }
        Err(error) => panic!("the tokio runtime could not be built: {error}"),
    }
}

/// Resumes the clock of the current runtime, if that is paused.
fn resume() {
    /// Guard between the look at the clock and its start, as several threads may be here.
    static LOOK: Mutex<()> = Mutex::new(());

    let _look = LOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let (real, before) = (std::time::Instant::now(), Instant::now());
    // A clock that runs shows the next microsecond, too.
    while real.elapsed() < Duration::from_micros(1) {}
    if Instant::now() == before {
        tokio::time::resume();
    }
}

/// Makes a system with the name of the current test.
///
/// ```
/// use conclib::testing;
///
/// assert_eq!(testing::system().name(), "main");
/// ```
pub fn system() -> System {
    System::new(thread::current().name().unwrap_or("a test"))
}
