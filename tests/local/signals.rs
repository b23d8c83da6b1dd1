//! SIGINT and SIGTERM end a system in order; a second one ends it at once.
//!
//! The test program runs itself as the process that gets the signals.
#![allow(clippy::print_stdout, reason = "the child tells its parent so")]

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use conclib::prelude::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::poll_once;

/// Says in the child's environment how its actor ends.
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

/// Not a test: the process that gets the signals. It passes without doing
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

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(how: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                &support::test_name!(child_gets_signals),
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, how)
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

    /// Reads up to a line that ends like this.
    fn wait_for(&mut self, end: &str) {
        let found = self.lines.any(|line| line.unwrap().ends_with(end));
        assert!(found, "the child did not say `{end}`");
    }

    /// The rest of what it says, and whether it ended well.
    fn end(mut self) -> (Vec<String>, bool) {
        let lines: Vec<_> = self.lines.map(Result::unwrap).collect();
        (lines, self.child.wait().unwrap().success())
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
