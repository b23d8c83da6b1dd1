//! Where a test runs.

use std::future::Future;
use std::thread;

use conclib_core::System;
use tokio::runtime::Builder;

/// Runs the body of a test on one thread and on paused time: what
/// `#[conclib::test]` expands to.
///
/// Paused, the clock stands still while there is something to do, and goes at
/// once to the next moment that somebody waits for when there is not. A minute
/// of waiting takes no time, and takes it in the same order each time. It does
/// not wait for other threads: a test of actors that have one, or of another
/// process, runs on real time, by `#[tokio::test]`.
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
/// The runtime cannot be built, or there is one around it already.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    match Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
    {
        Ok(runtime) => runtime.block_on(test),
        Err(error) => panic!("the tokio runtime could not be built: {error}"),
    }
}

/// A system with the name of the test that makes it.
///
/// ```
/// use conclib::testing;
///
/// assert_eq!(testing::system().name(), "main");
/// ```
pub fn system() -> System {
    System::new(thread::current().name().unwrap_or("a test"))
}
