//! Measurements of a child process that is this program, started anew: its
//! start, its requests, and what many of them cost while nothing happens.

mod family;
mod scenario;

use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Large number, for which bincode needs nine bytes.
pub const BY: u64 = 1 << 40;

/// Length of a told message.
pub const NOTE: usize = 64;

/// Child process, from the side of its parent. An operation that a program does
/// not have returns `None`.
pub trait ChildProcess: Sized + 'static {
    /// Starts a child, on that CPU if one is given, and returns once it has
    /// answered.
    fn start(cpu: Option<usize>) -> impl Future<Output = Self>;

    /// Makes so many round trips, with a fixed number under way.
    fn ask(&mut self, rounds: u64, in_flight: u64) -> impl Future<Output = Option<()>>;

    /// Sends so many messages of [`NOTE`] bytes, and returns once all were
    /// handled.
    fn tell(&mut self, messages: u64) -> impl Future<Output = Option<()>>;

    /// Sends so many messages of so many bytes, each answered by its length.
    fn send(&mut self, messages: u64, bytes: usize) -> impl Future<Output = Option<()>>;
}

/// Runs the program: `SCENARIO RUNTIME [TIMEms]`, as the other benches.
pub fn main<C: ChildProcess>() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, runtime, effort @ ..] = args.as_slice() else {
        eprintln!("usage: SCENARIO RUNTIME [TIMEms]");
        return ExitCode::FAILURE;
    };
    let effort = effort.first().map_or("400ms", String::as_str);
    let millis = effort.strip_suffix("ms").and_then(|text| text.parse().ok());
    let limit = Duration::from_millis(millis.unwrap_or(400));
    let child_cpu = pin(scenario, runtime);
    let sample = build(runtime).block_on(scenario::run::<C>(scenario, limit, child_cpu));
    println!("{}", sample.unwrap_or_default());
    ExitCode::SUCCESS
}

/// Builds the runtime of that name.
pub fn build(name: &str) -> Runtime {
    let mut builder = match name {
        "multi" => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.worker_threads(2).enable_all().build().expect("a runtime can be built")
}

/// Pins this process, and all that it starts. Returns the CPU of a child that
/// runs beside it.
fn pin(scenario: &str, runtime: &str) -> Option<usize> {
    let (cores, child) = match (scenario.ends_with("-1-core"), runtime) {
        (true, _) => ("0", None),
        // Two workers at each end share both cores.
        (false, "multi") => ("0,1", None),
        (false, _) => ("0", Some(1)),
    };
    pin_to(cores);
    child
}

/// Pins this process to CPUs.
pub fn pin_to(cores: &str) {
    let process = std::process::id().to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", cores, &process]).stdout(Stdio::null());
    let status = command.status().expect("there is a program `taskset`");
    assert!(status.success(), "this process can be pinned to the cores {cores}");
}
