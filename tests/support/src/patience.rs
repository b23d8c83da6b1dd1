//! Time limit for a test, and a process of its own for a test that needs one.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Longest real time of a test: far more than any needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Environment variable that is set in the process of a test that runs alone.
const ALONE: &str = "CONCLIB_TEST_ALONE";

/// Runs the body of a test on a thread of its own, and panics if it takes
/// longer than `PATIENCE`: that test fails, and the others continue. This works
/// with a paused clock and with a blocked thread. The thread of a body that
/// hangs stays until the test program ends.
///
/// The body is boxed: its type is not in the code below, which is compiled once.
///
/// # Panics
///
/// Passes on a panic of `body`, and panics at the time limit.
pub fn in_time<T: Send + 'static>(body: Box<dyn FnOnce() -> T + Send>) -> T {
    let (sender, output) = mpsc::channel();
    let body = Box::new(move || {
        let _ = sender.send(body());
    });
    within(PATIENCE, body);
    output.recv().expect("the body has ended")
}

fn within(patience: Duration, body: Box<dyn FnOnce() + Send>) {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let (sender, done) = mpsc::channel();
    let body = move || {
        let _ = sender.send(catch_unwind(AssertUnwindSafe(body)));
    };
    let thread = thread::Builder::new().name(test.clone()).spawn(body);
    let thread = thread.expect("a thread for the test");
    let Ok(outcome) = done.recv_timeout(patience) else {
        panic!("`{test}` hangs: it took more than {patience:?}");
    };
    // Waits until the thread has dropped the values of the body.
    thread.join().expect("it has caught all panics");
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Runs a test in a process of its own: this program again, with this one test.
///
/// # Panics
///
/// Panics if that process fails; its output is then in the message.
pub fn alone<T: Outcome>(test: &str, body: impl FnOnce() -> T) -> T {
    if env::var(ALONE).is_ok_and(|named| named == test) {
        return body();
    }
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, test)
        .output()
        .expect("this program runs again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let has_run = text.contains("1 passed");
    assert!(output.status.success() && has_run, "{test}: {text}");
    T::good()
}

/// Result type of a test.
pub trait Outcome {
    /// Result of a test that has passed.
    fn good() -> Self;
}

impl Outcome for () {
    fn good() -> Self {}
}

impl<E> Outcome for Result<(), E> {
    fn good() -> Self {
        Ok(())
    }
}

/// Name by which a test program knows a test of this module.
#[macro_export]
macro_rules! test_name {
    ($test:ident) => {
        $crate::name_in(module_path!(), stringify!($test))
    };
}

/// Path of a module without the name of its program, and a test in it.
#[must_use]
pub fn name_in(module: &str, test: &str) -> String {
    match module.split_once("::") {
        Some((_, module)) => format!("{module}::{test}"),
        None => test.to_owned(),
    }
}

/// Runtime of an async test, with the settings of `#[tokio::test]`.
#[derive(Debug, Default)]
pub struct Runtime {
    workers: Option<usize>,
    is_paused: bool,
    is_multi_thread: bool,
}

impl Runtime {
    #[must_use]
    pub fn flavor(mut self, flavor: &str) -> Self {
        self.is_multi_thread = match flavor {
            "multi_thread" => true,
            "current_thread" => false,
            other => panic!("no such flavor of a runtime: {other}"),
        };
        self
    }

    #[must_use]
    pub fn worker_threads(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    #[must_use]
    pub fn start_paused(mut self, is_paused: bool) -> Self {
        self.is_paused = is_paused;
        self
    }

    /// Runs a body, which is boxed: the code of tokio for it is compiled once.
    pub fn block_on<T>(self, body: Pin<Box<dyn Future<Output = T> + '_>>) -> T {
        let mut builder = if self.is_multi_thread {
            tokio::runtime::Builder::new_multi_thread()
        } else {
            tokio::runtime::Builder::new_current_thread()
        };
        if let Some(workers) = self.workers {
            builder.worker_threads(workers);
        }
        if self.is_paused {
            builder.start_paused(true);
        }
        let runtime = builder.enable_all().build().expect("a runtime");
        runtime.block_on(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
        let owned = panic.downcast_ref::<String>().map(String::as_str);
        owned.or(panic.downcast_ref().copied()).unwrap_or_default()
    }

    fn fails<T>(body: impl FnOnce() -> T) -> String {
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(_) => String::new(),
            Err(panic) => text_of(&*panic).to_owned(),
        }
    }

    #[test]
    fn a_body_that_blocks_its_thread_fails_its_test_by_name() {
        let text = fails(|| {
            let body = || {
                loop {
                    thread::park();
                }
            };
            within(Duration::from_millis(1), Box::new(body));
        });
        let name = "patience::tests::a_body_that_blocks_its_thread_fails_its_test_by_name";
        assert_eq!(text, format!("`{name}` hangs: it took more than 1ms"));
    }

    #[test]
    fn a_body_on_a_paused_clock_that_waits_for_ever_fails_its_test() {
        let text = fails(|| {
            let body = || {
                let runtime = Runtime::default().start_paused(true);
                runtime.block_on(Box::pin(std::future::pending::<()>()));
            };
            within(Duration::from_millis(1), Box::new(body));
        });
        assert!(text.contains("hangs"), "{text}");
    }

    #[test]
    fn a_body_ends_as_it_would_without() {
        assert_eq!(in_time(Box::new(|| 7)), 7);
        assert_eq!(
            fails(|| in_time(Box::new(|| panic!("as it says")))),
            "as it says"
        );
    }
}
