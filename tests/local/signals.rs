//! SIGINT and SIGTERM end a system in order; a second one ends it at once.
//!
//! The test program starts itself as the process that gets the signals.
#![allow(clippy::print_stdout, reason = "the child tells its parent so")]

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio, Termination as _};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use conclib::prelude::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::child::{eventually, listens_to_signals};
use support::poll_once;

/// Environment variable that says how the actor of the child ends.
const CHILD: &str = "CONCLIB_TEST_SIGNALS";

#[actor]
struct Waiting {
    for_ever: bool,
}

#[actor]
impl Waiting {
    #[on(stop)]
    async fn stop(&mut self, reason: &StopReason, ctx: &mut Context<Self>) {
        println!("stopping {}: {reason}", ctx.urn());
        if self.for_ever {
            std::future::pending::<()>().await;
        }
        println!("stopped {}", ctx.urn());
    }
}

/// Not a test: the process that gets the signals. A plain run passes without doing
/// anything unless a test starts it.
#[support::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_gets_signals() {
    let Ok(how) = env::var(CHILD) else {
        return;
    };
    let system = System::new("child");
    for (urn, for_ever) in [("older", false), ("newer", how == "for ever")] {
        let actor = system.actor(Waiting { for_ever }).urn(urn).spawn().unwrap();
        actor.started().await.unwrap();
    }
    let mut run = Box::pin(system.run_until_signal());
    assert!(poll_once(&mut run).is_pending());
    println!("ready");
    let report = run.await.unwrap();
    println!("report {report}");
}

/// Has a turn that never awaits.
#[actor]
struct Stuck;

#[actor]
impl Stuck {
    #[message(local)]
    fn never_await(&mut self, began: Sender<()>) {
        began.send(()).unwrap();
        loop {
            thread::park();
        }
    }
}

/// Number of worker threads in the runtime of a child, also on a machine with one
/// processor.
const WORKERS: usize = 2;

/// Holds all worker threads, or one of them, by turns that never await.
#[conclib::main]
async fn stuck_main() -> conclib::Result {
    let system = System::new("child");
    let how = env::var(CHILD).unwrap();
    let count = match &*how {
        "all stuck" => WORKERS,
        _ => 1,
    };
    let newer = system
        .actor(Waiting { for_ever: false })
        .urn("newer")
        .spawn()?;
    newer.started().await?;
    let mut run = Box::pin(system.run_until_signal());
    assert!(poll_once(&mut run).is_pending());
    let (began, begun) = mpsc::channel();
    for n in 0..count {
        let stuck = system.actor(Stuck).urn(format!("stuck-{n}")).spawn()?;
        stuck.never_await(began.clone()).try_tell()?;
    }
    tokio::task::block_in_place(|| (0..count).try_for_each(|_| begun.recv()))?;
    println!("ready");
    let report = run.await?;
    println!("report {report}");
    match &*how {
        "one stuck" => Ok(()),
        "one stuck, main panics" => panic!("main fails"),
        _ => Err("main failed".into()),
    }
}

/// Not a test: process whose main function is `#[conclib::main]`.
#[support::test]
fn child_is_stuck() {
    if env::var(CHILD).is_ok() {
        std::process::exit(if stuck_main().is_ok() { 0 } else { 3 });
    }
}

#[support::test]
fn main_ends_the_process_though_a_turn_never_awaits() {
    let hows = [
        ("one stuck", 0),
        ("one stuck, main fails", 3),
        // Exit code of a Rust program after a panic.
        ("one stuck, main panics", 101),
    ];
    for (how, code) in hows {
        let process = Process::of(&support::test_name!(child_is_stuck), how);
        let (lines, status) = process.signal_until_it_ends(Signal::SIGINT);
        let report = lines.iter().find(|line| line.starts_with("report"));
        let report = report.expect("no report");
        assert!(report.contains("stuck: stuck-0"), "{report}");
        assert_eq!(status.code(), Some(code), "that of main");
    }
}

#[support::test]
fn one_signal_ends_the_process_after_the_deadline_though_turns_never_await() {
    let signalled = |how| {
        let process = Process::of(&support::test_name!(child_is_stuck), how);
        process.signal(Signal::SIGTERM);
        process
    };
    // Both take the ten seconds of a shutdown, side by side.
    let (one, all) = (signalled("one stuck"), signalled("all stuck"));
    let (lines, status) = one.exit();
    let report = lines.iter().find(|line| line.starts_with("report"));
    let report = report.expect("no report");
    assert!(report.contains("stuck: stuck-0"), "{report}");
    assert_eq!(status.code(), Some(0), "that of main");
    let (lines, status) = all.exit();
    assert!(!lines.iter().any(|line| line.starts_with("report")));
    assert_eq!(status.code(), Some(143));
}

#[support::test]
fn a_second_signal_ends_the_process_though_no_thread_of_the_runtime_is_free() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let process = Process::of(&support::test_name!(child_is_stuck), "all stuck");
        let (_, status) = process.signal_until_it_ends(signal);
        assert_eq!(status.code(), Some(code));
    }
}

#[support::test]
fn after_a_second_signal_main_waits_for_no_turn() {
    // The wait for a turn that never awaits takes a second. A busy machine may take as long for the
    // exit alone, but not each time.
    let exits_at_once = || {
        let process = Process::of(&support::test_name!(child_is_stuck), "one stuck");
        let (report, exit_after) = process.signal_until_it_reports(Signal::SIGINT);
        assert!(report.contains("stuck: stuck-0"), "{report}");
        exit_after < Duration::from_millis(900)
    };
    assert!((0..5).any(|_| exits_at_once()));
}

#[conclib::main]
async fn main_that_waits(system: System) {
    let actor = system.actor(Waiting { for_ever: false }).urn("only");
    actor.spawn().unwrap().started().await.unwrap();
    println!("ready");
    system.run_until_signal().await
}

/// Not a test: process whose main function ends with the wait for a signal.
#[support::test]
fn child_waits_in_main() {
    if env::var(CHILD).is_ok() {
        assert_eq!(main_that_waits().report(), ExitCode::SUCCESS);
        println!("succeeded");
    }
}

#[support::test]
fn the_wait_for_a_signal_may_be_the_last_expression_of_main() {
    let process = Process::of(&support::test_name!(child_waits_in_main), "at once");
    assert!(eventually(|| listens_to_signals(process.child.id())));
    process.signal(Signal::SIGINT);
    let (lines, is_well) = process.end();
    let said = [
        "stopping only: its system shut down",
        "stopped only",
        "succeeded",
    ];
    assert_eq!(lines[..said.len()], said);
    assert!(is_well);
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(how: &str) -> Self {
        Self::of(&support::test_name!(child_gets_signals), how)
    }

    fn of(test: &str, how: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(CHILD, how)
            .env("TOKIO_WORKER_THREADS", WORKERS.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, lines };
        process.wait_for("ready");
        process
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(id), signal).unwrap();
    }

    /// Sends the signal until the process ends. Two pending signals of one kind
    /// count as one, so a fixed number would not do.
    fn signal_until_it_ends(mut self, signal: Signal) -> (Vec<String>, ExitStatus) {
        while self.child.try_wait().unwrap().is_none() {
            self.signal(signal);
            thread::park_timeout(Duration::from_millis(10));
        }
        self.exit()
    }

    /// Sends the signal until the shutdown is reported. Returns the report, and the time from then
    /// to the exit.
    fn signal_until_it_reports(mut self, signal: Signal) -> (String, Duration) {
        let (said, nothing_said) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
            scope.spawn(move || {
                let pause = Duration::from_millis(10);
                while nothing_said.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    kill(id, signal).unwrap();
                }
            });
            let mut lines = self.lines.by_ref().map(Result::unwrap);
            let report = lines.find(|line| line.starts_with("report"));
            drop(said);
            let reported = Instant::now();
            self.child.wait().unwrap();
            (report.expect("no report"), reported.elapsed())
        })
    }

    /// Reads up to a line with this end.
    fn wait_for(&mut self, end: &str) {
        let found = self.lines.any(|line| line.unwrap().ends_with(end));
        assert!(found, "the child did not say `{end}`");
    }

    /// Remaining output, and whether the process succeeded.
    fn end(self) -> (Vec<String>, bool) {
        let (lines, status) = self.exit();
        (lines, status.success())
    }

    /// Remaining output, and the exit status.
    fn exit(mut self) -> (Vec<String>, ExitStatus) {
        let lines: Vec<_> = self.lines.map(Result::unwrap).collect();
        (lines, self.child.wait().unwrap())
    }
}

fn orderly(signal: Signal) {
    let process = Process::start("at once");
    process.signal(signal);
    let (lines, is_well) = process.end();
    let said = [
        "stopping newer: its system shut down",
        "stopped newer",
        "stopping older: its system shut down",
        "stopped older",
        "report 2 stopped; 0 dead letters",
    ];
    assert_eq!(lines[..said.len()], said);
    assert!(is_well);
}

#[support::test]
fn sigterm_ends_the_actors_in_order_and_then_the_process() {
    orderly(Signal::SIGTERM);
}

#[support::test]
fn sigint_ends_the_actors_in_order_and_then_the_process() {
    orderly(Signal::SIGINT);
}

#[support::test]
fn a_second_signal_kills_what_still_lives() {
    for (first, second) in [
        (Signal::SIGTERM, Signal::SIGTERM),
        (Signal::SIGINT, Signal::SIGTERM),
    ] {
        let mut process = Process::start("for ever");
        process.signal(first);
        process.wait_for("stopping newer: its system shut down");
        process.signal(second);
        let (lines, is_well) = process.end();
        let report = lines.iter().find(|line| line.starts_with("report"));
        let report = report.expect("no report");
        assert!(report.contains("killed:"), "{report}");
        assert!(report.contains("newer"), "{report}");
        assert!(is_well);
    }
}
